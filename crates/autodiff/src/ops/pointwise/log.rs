//! `log`: the natural logarithm.

use crate::ops::prelude::*;

/// `y = ln x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log;

impl Elementwise<1> for Log {
    const NAME: &'static str = "log";
    const DOMAIN: [Domain; 1] = [Domain::Positive];

    /// `∂ = 1/x`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| t.div(u, x))
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::LOG)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.log()
    }
}

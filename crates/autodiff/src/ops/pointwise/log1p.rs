//! `log1p`: the logarithm of one plus x.

use crate::ops::prelude::*;

/// `y = ln(1 + x)`, accurate near 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Log1p;

impl Elementwise<1> for Log1p {
    const NAME: &'static str = "log1p";
    const DOMAIN: [Domain; 1] = [Domain::Range(-0.5, 3.0)];

    /// `∂ = 1/(1 + x)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let one = t.like(x, 1.0);
            let sum = t.add(one, x);
            t.div(u, sum)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::LOG1P)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.log1p()
    }
}

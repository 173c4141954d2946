//! `sin`: the sine, of an angle in radians.

use crate::ops::prelude::*;

/// `y = sin x`, x in radians.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sin;

impl Elementwise<1> for Sin {
    const NAME: &'static str = "sin";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = cos x`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.cos(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SIN)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.sin()
    }
}

//! `abs`: the absolute value.

use crate::ops::prelude::*;

/// `y = |x|`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Abs;

impl Elementwise<1> for Abs {
    const NAME: &'static str = "abs";
    const DOMAIN: [Domain; 1] = [Domain::NonZero];

    /// `∂ = sign x`, so `|0|′ = 0`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.sign(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ABS)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.abs()
    }
}

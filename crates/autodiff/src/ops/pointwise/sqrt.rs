//! `sqrt`: the square root.

use crate::ops::prelude::*;

/// `y = √x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sqrt;

impl Elementwise<1> for Sqrt {
    const NAME: &'static str = "sqrt";
    const DOMAIN: [Domain; 1] = [Domain::Positive];

    /// `∂ = 1/(2 y)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], y| {
            let half = t.like(x, 0.5);
            [t.div(half, y)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SQRT)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.sqrt()
    }
}

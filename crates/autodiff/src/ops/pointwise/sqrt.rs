//! `sqrt`: the square root.

use crate::ops::prelude::*;

/// `y = √x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sqrt;

impl Elementwise<1> for Sqrt {
    const NAME: &'static str = "sqrt";
    const DOMAIN: [Domain; 1] = [Domain::Positive];

    /// `u ∂ = (u/2)/y`, at second order too a quotient by y of what stands above it.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], y, u, _| {
            let half = t.like(x, 0.5);
            let top = t.mul(half, u);
            t.div(top, y)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SQRT)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.sqrt()
    }
}

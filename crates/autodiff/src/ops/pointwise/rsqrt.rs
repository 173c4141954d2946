//! `rsqrt`: the reciprocal of the square root.

use crate::ops::prelude::*;

/// `y = 1/√x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rsqrt;

impl Elementwise<1> for Rsqrt {
    const NAME: &'static str = "rsqrt";
    const DOMAIN: [Domain; 1] = [Domain::Positive];

    /// `u ∂ = −(u/√x)/2x`: y³ overflows where that does not, and so would the derivative of y here.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let root = t.sqrt(x);
            let quotient = t.div(u, root);
            let quotient = t.div(quotient, x);
            let factor = t.like(x, -0.5);
            t.mul(factor, quotient)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::RSQRT)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.rsqrt()
    }
}

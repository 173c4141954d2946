//! `rsqrt`: the reciprocal of the square root.

use crate::ops::prelude::*;

/// `y = 1/√x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Rsqrt;

impl Elementwise<1> for Rsqrt {
    const NAME: &'static str = "rsqrt";
    const DOMAIN: [Domain; 1] = [Domain::Positive];

    /// `∂ = −y³/2`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [_], y| {
            let square = t.mul(y, y);
            let cube = t.mul(square, y);
            let factor = t.like(y, -0.5);
            [t.mul(factor, cube)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::RSQRT)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.rsqrt()
    }
}

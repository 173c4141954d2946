//! `tanh`: the hyperbolic tangent.

use crate::ops::prelude::*;

/// `y = tanh x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tanh;

impl Elementwise<1> for Tanh {
    const NAME: &'static str = "tanh";
    const DOMAIN: [Domain; 1] = [Domain::Range(-2.0, 2.0)];

    /// `∂ = 1 − y²`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [_], y| {
            let square = t.mul(y, y);
            let one = t.like(y, 1.0);
            [t.sub(one, square)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::TANH)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.tanh()
    }
}

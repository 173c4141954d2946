//! `recip`: the reciprocal.

use crate::ops::prelude::*;

/// `y = 1/x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Recip;

impl Elementwise<1> for Recip {
    const NAME: &'static str = "recip";
    const DOMAIN: [Domain; 1] = [Domain::NonZero];

    /// `∂ = −y²`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [_], y| {
            let square = t.mul(y, y);
            [t.neg(square)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::RECIP)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        S::ONE / x
    }
}

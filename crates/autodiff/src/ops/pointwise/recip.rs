//! `recip`: the reciprocal.

use crate::ops::prelude::*;

/// `y = 1/x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Recip;

impl Elementwise<1> for Recip {
    const NAME: &'static str = "recip";
    const DOMAIN: [Domain; 1] = [Domain::NonZero];

    /// `u ∂ = −(u/x)/x`: y² overflows where that does not, and so would the derivative of y here.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let quotient = t.div(u, x);
            let quotient = t.div(quotient, x);
            t.neg(quotient)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::RECIP)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        S::ONE / x
    }
}

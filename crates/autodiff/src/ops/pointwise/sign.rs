//! `sign`: the sign.

use crate::ops::prelude::*;

/// `y = −1, 0 or 1`; NaN stays NaN, and ±0 gives 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sign;

impl Elementwise<1> for Sign {
    const NAME: &'static str = "sign";
    const DOMAIN: [Domain; 1] = [Domain::NonZero];

    /// The derivative is 0 wherever there is one (x ≠ 0).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SIGN)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.sign()
    }
}

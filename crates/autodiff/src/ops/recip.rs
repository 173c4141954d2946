//! `recip`: the reciprocal.

use super::prelude::*;

/// `y = 1/x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Recip;

impl Primitive<1> for Recip {
    const NAME: &'static str = "recip";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = −y²`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [_], y| {
            let square = t.mul(y, y);
            [t.neg(square)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Recip)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Recip)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Recip, Domain::NonZero)
    }
}

//! `sign`: the sign.

use super::prelude::*;

/// `y = −1, 0 or 1`; NaN stays NaN, and ±0 gives 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sign;

impl Primitive<1> for Sign {
    const NAME: &'static str = "sign";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// The derivative is 0 wherever there is one (x ≠ 0).
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Sign)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Sign)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Sign, Domain::NonZero)
    }
}

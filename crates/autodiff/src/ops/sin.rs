//! `sin`: the sine, of an angle in radians.

use super::prelude::*;

/// `y = sin x`, x in radians.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sin;

impl Primitive<1> for Sin {
    const NAME: &'static str = "sin";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = cos x`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| [t.cos(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Sin)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Sin)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Sin, Domain::Range(-3.0, 3.0))
    }
}

//! `expm1`: the exponential minus one.

use super::prelude::*;

/// `y = eˣ − 1`, accurate near 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Expm1;

impl Primitive<1> for Expm1 {
    const NAME: &'static str = "expm1";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = eˣ`; not `y + 1`, which loses all digits where `y` is near −1.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| [t.exp(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Expm1)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Expm1)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Expm1, Domain::Range(-3.0, 3.0))
    }
}

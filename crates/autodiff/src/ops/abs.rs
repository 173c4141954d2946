//! `abs`: the absolute value.

use super::prelude::*;

/// `y = |x|`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Abs;

impl Primitive<1> for Abs {
    const NAME: &'static str = "abs";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = sign x`, so `|0|′ = 0`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| [t.sign(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Abs)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Abs)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Abs, Domain::NonZero)
    }
}

//! `sqrt`: the square root.

use super::prelude::*;

/// `y = √x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sqrt;

impl Primitive<1> for Sqrt {
    const NAME: &'static str = "sqrt";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = 1/(2 y)`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], y| {
            let half = t.like(x, 0.5);
            [t.div(half, y)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Sqrt)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Sqrt)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Sqrt, Domain::Positive)
    }
}

//! `rsqrt`: the reciprocal of the square root.

use super::prelude::*;

/// `y = 1/√x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rsqrt;

impl Primitive<1> for Rsqrt {
    const NAME: &'static str = "rsqrt";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = −y³/2`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [_], y| {
            let square = t.mul(y, y);
            let cube = t.mul(square, y);
            let factor = t.like(y, -0.5);
            [t.mul(factor, cube)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Rsqrt)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Rsqrt)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Rsqrt, Domain::Positive)
    }
}

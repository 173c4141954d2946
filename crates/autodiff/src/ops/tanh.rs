//! `tanh`: the hyperbolic tangent.

use super::prelude::*;

/// `y = tanh x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tanh;

impl Primitive<1> for Tanh {
    const NAME: &'static str = "tanh";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = 1 − y²`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [_], y| {
            let square = t.mul(y, y);
            let one = t.like(y, 1.0);
            [t.sub(one, square)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Tanh)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Tanh)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Tanh, Domain::Range(-2.0, 2.0))
    }
}

//! `cos`: the cosine, of an angle in radians.

use super::prelude::*;

/// `y = cos x`, x in radians.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cos;

impl Primitive<1> for Cos {
    const NAME: &'static str = "cos";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = −sin x`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| {
            let sin = t.sin(x);
            [t.neg(sin)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Cos)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Cos)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Cos, Domain::Range(-3.0, 3.0))
    }
}

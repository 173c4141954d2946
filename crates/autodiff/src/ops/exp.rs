//! `exp`: the exponential.

use super::prelude::*;

/// `y = eˣ`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Exp;

impl Primitive<1> for Exp {
    const NAME: &'static str = "exp";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = eˣ`, which is the output.
    fn rule(&self) -> Rule {
        Rule::pointwise(|_, [_], y| [y])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Exp)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Exp)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Exp, Domain::Range(-3.0, 3.0))
    }
}

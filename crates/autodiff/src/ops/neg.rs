//! `neg`: the negative.

use super::prelude::*;

/// `y = −x`, on floats and integers (which wrap).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Neg;

impl Primitive<1> for Neg {
    const NAME: &'static str = "neg";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        number(x)
    }

    /// Linear: x̄ = −ȳ.
    fn rule(&self) -> Rule {
        Rule::linear(|t, [_], y_bar| [t.neg(y_bar)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Neg)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Neg)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Neg, Domain::Reals)
    }
}

//! `not`: logical negation.

use super::prelude::*;

/// `y = ¬x`, elementwise on bools.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Not;

impl Primitive<1> for Not {
    const NAME: &'static str = "not";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        of_dtype(x, DType::Bool)
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Not)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Not)
    }

    fn samples() -> Vec<Sample> {
        Sample::typed(&Not, [(DType::Bool, shape![3, 4], Domain::Bits)])
    }
}

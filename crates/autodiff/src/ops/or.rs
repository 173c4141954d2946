//! `or`: logical or.

use super::prelude::*;

/// `y = a ∨ b`, elementwise on bools.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Or;

impl Primitive<2> for Or {
    const NAME: &'static str = "or";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        of_dtype(same(a, b)?, DType::Bool)
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Or)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Or)
    }

    fn samples() -> Vec<Sample> {
        Sample::typed(&Or, [(DType::Bool, shape![3, 4], Domain::Bits), (DType::Bool, shape![3, 4], Domain::Bits)])
    }
}

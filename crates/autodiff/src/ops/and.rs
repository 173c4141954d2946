//! `and`: logical and.

use super::prelude::*;

/// `y = a ∧ b`, elementwise on bools.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct And;

impl Primitive<2> for And {
    const NAME: &'static str = "and";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        of_dtype(same(a, b)?, DType::Bool)
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::And)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(And)
    }

    fn samples() -> Vec<Sample> {
        Sample::typed(&And, [(DType::Bool, shape![3, 4], Domain::Bits), (DType::Bool, shape![3, 4], Domain::Bits)])
    }
}

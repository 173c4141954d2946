//! `le`: comparison: a ≤ b.

use super::prelude::*;

/// `y = a ≤ b`, a bool; every comparison with NaN is false.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Le;

impl Primitive<2> for Le {
    const NAME: &'static str = "le";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        Ok(same(a, b)?.with_dtype(DType::Bool))
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Le)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Le)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Le, Domain::Reals, Domain::Reals)
    }
}

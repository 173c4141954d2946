//! `ne`: comparison: a ≠ b.

use super::prelude::*;

/// `y = a ≠ b`, a bool; every comparison with NaN is false (but `ne`'s).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ne;

impl Primitive<2> for Ne {
    const NAME: &'static str = "ne";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        Ok(same(a, b)?.with_dtype(DType::Bool))
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Ne)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Ne)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Ne, Domain::Reals, Domain::Reals)
    }
}

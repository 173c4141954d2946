//! `mul`: the elementwise product.

use super::prelude::*;

/// `y = a b`, operands of one type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mul;

impl Primitive<2> for Mul {
    const NAME: &'static str = "mul";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// Multilinear: ā = ȳ b, b̄ = a ȳ.
    fn rule(&self) -> Rule {
        Rule::multilinear(|t, [a, b], y_bar, i| if i == 0 { t.mul(y_bar, b) } else { t.mul(a, y_bar) })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Mul)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Mul)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Mul, Domain::Reals, Domain::Reals)
    }
}

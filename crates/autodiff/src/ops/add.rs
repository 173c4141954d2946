//! `add`: the sum of two arrays.

use super::prelude::*;

/// `y = a + b`, operands of one type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Add;

impl Primitive<2> for Add {
    const NAME: &'static str = "add";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// Linear: ẏ = ȧ + ḃ, where an absent tangent adds nothing; ā = b̄ = ȳ.
    fn rule(&self) -> Rule {
        Rule::General {
            class: Class::Linear,
            jvp: Box::new(|t, _, dots| {
                Ok(vec![match (dots[0], dots[1]) {
                    (Some(a), Some(b)) => Some(t.add(a, b)),
                    (a, b) => a.or(b),
                }])
            }),
            vjp: Box::new(|_, _, bars| Ok(vec![bars[0], bars[0]])),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Add)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Add)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Add, Domain::Reals, Domain::Reals)
    }
}

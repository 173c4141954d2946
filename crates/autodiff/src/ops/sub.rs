//! `sub`: the difference of two arrays.

use super::prelude::*;

/// `y = a − b`, operands of one type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sub;

impl Primitive<2> for Sub {
    const NAME: &'static str = "sub";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// Linear: ẏ = ȧ − ḃ, where an absent tangent takes nothing; ā = ȳ, b̄ = −ȳ.
    fn rule(&self) -> Rule {
        Rule::General {
            class: Class::Linear,
            jvp: Box::new(|t, _, dots| {
                Ok(vec![match (dots[0], dots[1]) {
                    (Some(a), Some(b)) => Some(t.sub(a, b)),
                    (a, None) => a,
                    (None, Some(b)) => Some(t.neg(b)),
                }])
            }),
            vjp: Box::new(|t, e, bars| Ok(vec![bars[0], bars[0].filter(|_| e.wanted[1]).map(|y| t.neg(y))])),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Sub)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Sub)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Sub, Domain::Reals, Domain::Reals)
    }
}

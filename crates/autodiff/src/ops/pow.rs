//! `pow`: a power with a real exponent.

use super::prelude::*;

/// `y = aᵇ` for floats.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pow;

impl Primitive<2> for Pow {
    const NAME: &'static str = "pow";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_floats(a, b)
    }

    /// `∂a = b aᵇ⁻¹`, `∂b = y ln a` (0 at a = 0, where y is 0 for every b > 0).
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [a, b], y| {
            let one = t.like(b, 1.0);
            let less = t.sub(b, one);
            let power = t.pow(a, less);
            let by_base = t.mul(b, power);
            let zero = t.like(a, 0.0);
            let at_zero = t.eq(a, zero);
            let log = t.log(a);
            let log = t.select(at_zero, zero, log);
            [by_base, t.mul(y, log)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Pow)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Pow)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Pow, Domain::Positive, Domain::Range(-2.0, 2.0))
    }
}

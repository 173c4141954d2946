//! `log1p`: the logarithm of one plus x.

use super::prelude::*;

/// `y = ln(1 + x)`, accurate near 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log1p;

impl Primitive<1> for Log1p {
    const NAME: &'static str = "log1p";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = 1/(1 + x)`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| {
            let one = t.like(x, 1.0);
            let sum = t.add(one, x);
            [t.recip(sum)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Log1p)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Log1p)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Log1p, Domain::Range(-0.5, 3.0))
    }
}

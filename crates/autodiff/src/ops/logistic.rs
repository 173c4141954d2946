//! `logistic`: the logistic sigmoid.

use super::prelude::*;

/// `y = 1/(1 + e^(−x))`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Logistic;

impl Primitive<1> for Logistic {
    const NAME: &'static str = "logistic";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = y (1 − y)`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [_], y| {
            let one = t.like(y, 1.0);
            let rest = t.sub(one, y);
            [t.mul(y, rest)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Logistic)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Logistic)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Logistic, Domain::Range(-3.0, 3.0))
    }
}

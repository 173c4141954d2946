//! `log`: the natural logarithm.

use super::prelude::*;

/// `y = ln x`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log;

impl Primitive<1> for Log {
    const NAME: &'static str = "log";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = 1/x`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| [t.recip(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Log)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Log)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Log, Domain::Positive)
    }
}

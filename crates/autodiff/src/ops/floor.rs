//! `floor`: the largest integer not above x.

use super::prelude::*;

/// `y = ⌊x⌋`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Floor;

impl Primitive<1> for Floor {
    const NAME: &'static str = "floor";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// The derivative is 0 wherever there is one (x no integer).
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Floor)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Floor)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Floor, Domain::NonInteger)
    }
}

//! `stop_gradient`: the value without its derivative.

use super::prelude::*;

/// `y = x`, and a constant to every derivative: the user's own way to say that nothing flows here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StopGradient;

impl Primitive<1> for StopGradient {
    const NAME: &'static str = "stop_gradient";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.clone())
    }

    /// Nothing passes, by intent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Identity
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(StopGradient)
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::reals(StopGradient, [shape![3, 2]])]
    }
}

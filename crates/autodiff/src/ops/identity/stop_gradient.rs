//! `stop_gradient`: the value without its derivative.

use crate::ops::prelude::*;

/// `y = x`, and a constant to every derivative: the user's own way to say that nothing flows here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StopGradient;

impl Primitive<1> for StopGradient {
    const NAME: &'static str = "stop_gradient";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.clone())
    }

    /// Nothing passes, by intent.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Identity
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick(y, Some))
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::reals(StopGradient, [shape![3, 2]])]
    }
}

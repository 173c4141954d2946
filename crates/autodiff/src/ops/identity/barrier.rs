//! `barrier`: a value that must be computed anew.

use crate::ops::prelude::*;

/// `y = x`. CSE, simplify and fuse do not cross it, so that a checkpoint's recomputation is not merged with what it recomputes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Barrier;

impl Primitive<1> for Barrier {
    const NAME: &'static str = "barrier";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.clone())
    }

    /// Tangents and cotangents pass.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::PASS
    }

    fn kernel(&self) -> Kernel {
        Kernel::Identity
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick(y, Some))
    }

    fn samples() -> Vec<Sample> {
        vec![Sample::reals(Barrier, [shape![3, 2]])]
    }
}

//! `not`: logical negation.

use crate::ops::prelude::*;

/// `y = ¬x`, elementwise on bools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Not;

impl Primitive<1> for Not {
    const NAME: &'static str = "not";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        of_dtype(x, DType::Bool)
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::NOT)
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |_| unreachable!("bools"), |[x]| i64::from(x == 0)))
    }

    fn samples() -> Vec<Sample> {
        Sample::typed(&Not, [(DType::Bool, shape![3, 4], Domain::Bits)])
    }
}

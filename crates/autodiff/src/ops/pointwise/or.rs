//! `or`: logical or.

use crate::ops::prelude::*;

/// `y = a ∨ b`, elementwise on bools.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Or;

impl Primitive<2> for Or {
    const NAME: &'static str = "or";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        of_dtype(same(a, b)?, DType::Bool)
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::OR)
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |_| unreachable!("bools"), |[a, b]| i64::from(a != 0 || b != 0)))
    }

    fn samples() -> Vec<Sample> {
        let bits = (DType::Bool, shape![3, 4], Domain::Bits);
        Sample::typed(&Or, [bits.clone(), bits])
    }
}

//! `eq`: whether two entries are equal.

use std::cmp::Ordering::Equal;

use crate::ops::prelude::*;

/// `y = (a = b)`, a bool; every comparison with NaN is false.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Eq;

impl Primitive<2> for Eq {
    const NAME: &'static str = "eq";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        Ok(same(a, b)?.with_dtype(DType::Bool))
    }

    /// Bools carry no tangent.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::EQ)
    }

    /// Integers and bools.
    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        by_dtype!(a.ty.dtype, T => {
            quadric_kernels::pointwise::compare(a.elements::<T>(), b.elements(), y.elements(), |a, b| a == b);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::compared(x, y, |order| order == Some(Equal)))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Eq, [Domain::Reals, Domain::Reals])
    }
}

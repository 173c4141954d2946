//! `neg`: the negative.

use crate::ops::prelude::*;

/// `y = −x`, on floats and integers (which wrap).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Neg;

impl Primitive<1> for Neg {
    const NAME: &'static str = "neg";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        number(x)
    }

    /// `ẏ = −ẋ, x̄ = −ȳ`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Signed([Term::Minus])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::NEG)
    }

    /// Integers.
    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        use quadric_kernels::{Int, pointwise::map_int};
        by_int!(y.ty.dtype, T => map_int(x.elements::<T>(), y.elements(), |x| T::ZERO.sub(x)));
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |[x]| -x, |[x]| -x))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Neg, [Domain::Reals])
    }
}

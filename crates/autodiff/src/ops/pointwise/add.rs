//! `add`: the sum of two arrays.

use crate::ops::prelude::*;

/// `y = a + b`, operands of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Add;

impl Primitive<2> for Add {
    const NAME: &'static str = "add";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// `ẏ = ȧ + ḃ`, where an absent tangent adds nothing; `ā = b̄ = ȳ`.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Signed([Term::Plus, Term::Plus])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::ADD)
    }

    /// Integers.
    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        by_int!(y.ty.dtype, T => {
            quadric_kernels::pointwise::zip_int(a.elements::<T>(), b.elements(), y.elements(), quadric_kernels::Int::add);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |[a, b]| a + b, |[a, b]| a + b))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Add, [Domain::Reals, Domain::Reals])
    }
}

//! `mul`: the elementwise product.

use crate::ops::prelude::*;

/// `y = a b`, operands of one type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mul;

impl Primitive<2> for Mul {
    const NAME: &'static str = "mul";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// Multilinear: `ā = ȳ b, b̄ = a ȳ`.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Multilinear(|_, t, [a, b], y_bar, i| if i == 0 { t.mul(y_bar, b) } else { t.mul(a, y_bar) })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::MUL)
    }

    /// Integers.
    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        by_int!(y.ty.dtype, T => {
            quadric_kernels::pointwise::zip_int(a.elements::<T>(), b.elements(), y.elements(), quadric_kernels::Int::mul);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |[a, b]| a * b, |[a, b]| a.wrapping_mul(b)))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Mul, [Domain::Reals, Domain::Reals])
    }
}

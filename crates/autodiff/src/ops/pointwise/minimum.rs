//! `minimum`: the smaller of two arrays, element by element.

use super::maximum::{winners_cotangents, winners_tangent};
use crate::ops::prelude::*;

/// `y = min(a, b)`; NaN propagates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Minimum;

impl Primitive<2> for Minimum {
    const NAME: &'static str = "minimum";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// The smaller operand's tangent; at a tie the mean of both, so that ties share the cotangent equally.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, dots| Some(winners_tangent(t, e, dots, |t, a, b| t.lt(a, b))),
            vjp: |_, t, e, y_bar| winners_cotangents(t, e, y_bar, |t, a, b| t.lt(a, b)),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::MIN)
    }

    /// Integers.
    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        by_int!(y.ty.dtype, T => {
            quadric_kernels::pointwise::zip_int(a.elements::<T>(), b.elements(), y.elements(), Ord::min);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |[a, b]| a.min(b), |[a, b]| a.min(b)))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Minimum, [Domain::Reals, Domain::Reals])
    }
}

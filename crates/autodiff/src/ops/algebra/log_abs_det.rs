//! `log_abs_det`: the logarithm of the determinant's magnitude.

use super::cholesky::square;
use super::matrix::{batch, identity, instead_of_matrix, over, part, sizes, total};
use super::plain;
use super::solve::solved;
use crate::ops::prelude::*;

/// `y = ln |det A|` over the last two axes, `[…,n,n] → […]`, by LU with partial pivoting; it is finite where the determinant itself is out
/// of range, −∞ for a singular matrix, 0 for n = 0. An entry that is not finite makes it NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogAbsDet;

/// `A⁻ᵀ`, the gradient.
fn inverse(t: &mut Builder, a: Value) -> Value {
    let one = identity(t, a);
    solved(t, a, one, true)
}

impl Primitive<1> for LogAbsDet {
    const NAME: &'static str = "log_abs_det";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        Ok(instead_of_matrix(&square(a)?, &[]))
    }

    /// `ẏ = tr(A⁻¹ Ȧ)`, `Ā = ȳ A⁻ᵀ` (Giles 2008, §2.2.4): the error of `solve` at a singular matrix.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let inverse = inverse(t, e.inputs[0]);
                let product = t.mul(inverse, a_dot?);
                Some(total(t, product))
            },
            vjp: |_, t, e, y_bar| {
                let inverse = inverse(t, e.inputs[0]);
                let y_bar = over(t, y_bar, inverse, &[]);
                [Some(t.mul(y_bar, inverse))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (n, _) = sizes(a.ty);
        by_float!(y.ty.dtype, T => {
            let a = a.elements::<T>();
            for (i, y) in y.elements::<T>().iter_mut().enumerate() {
                *y = quadric_kernels::linalg::log_abs_det(part(a, i, n * n), n);
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (n, _) = sizes(&a.ty);
        let of = |i: usize| {
            let matrix = part(a.reals(), i, n * n);
            if !plain::finite(matrix) {
                return S::from_f64(f64::NAN);
            }
            let Ok(plain::Lu { f, .. }) = plain::lu(matrix, n) else { return S::from_f64(f64::NEG_INFINITY) };
            (0..n).fold(S::ZERO, |sum, i| sum + f[i * n + i].abs().log())
        };
        Ok(Array::real(y, (0..batch(&a.ty)).map(of).collect()))
    }

    fn samples() -> Vec<Sample> {
        [shape![1, 1], shape![3, 3], shape![2, 4, 4], shape![2, 0, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&LogAbsDet, [(DType::F64, s, Domain::Regular)]))
            .collect()
    }
}

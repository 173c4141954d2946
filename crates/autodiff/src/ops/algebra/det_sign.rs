//! `det_sign`: the sign of the determinant.

use super::cholesky::square;
use super::matrix::{batch, instead_of_matrix, part, sizes};
use super::plain;
use crate::ops::prelude::*;

/// `y = sign det A` over the last two axes, `[…,n,n] → […]`: 1, −1, or 0 where LU with partial pivoting finds a column without a pivot;
/// 1 for n = 0. An entry that is not finite makes it NaN. Never out of range, as the determinant may be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DetSign;

impl Primitive<1> for DetSign {
    const NAME: &'static str = "det_sign";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        Ok(instead_of_matrix(&square(a)?, &[]))
    }

    /// Constant wherever the determinant is not 0.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn run(&self, [a]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (n, _) = sizes(a.ty);
        by_float!(y.ty.dtype, T => {
            let a = a.elements::<T>();
            for (i, y) in y.elements::<T>().iter_mut().enumerate() {
                *y = quadric_kernels::linalg::det_sign(part(a, i, n * n), n);
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
            let Ok(plain::Lu { f, sign, .. }) = plain::lu(matrix, n) else { return S::ZERO };
            (0..n).fold(sign, |product, i| product * f[i * n + i].sign())
        };
        Ok(Array::real(y, (0..batch(&a.ty)).map(of).collect()))
    }

    fn samples() -> Vec<Sample> {
        [shape![1, 1], shape![3, 3], shape![2, 4, 4], shape![2, 0, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&DetSign, [(DType::F64, s, Domain::Regular)]))
            .collect()
    }
}

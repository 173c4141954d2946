//! `solve`: linear systems with a square matrix.

use super::cholesky::square;
use super::matrix::{batch, part, part_mut, singular, sizes};
use super::plain;
use crate::ops::prelude::*;

/// `X = op(A)⁻¹ B` over the last two axes, op the transpose if `transpose`: LU with partial pivoting. `A: […,n,n]`, `B: […,n,m]`.
///
/// A matrix in which elimination leaves a column of zeros is an error at run time that names it. One that is singular to rounding
/// only is solved as any other: X then solves a system whose matrix is off by rounding (Higham 2002, §9.3). An entry of A that is
/// not finite makes all of X NaN.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Solve {
    /// Whether the system is the transposed one.
    pub transpose: bool,
}

impl Parameters for Solve {
    fn params(&self) -> Params {
        Params::none().with("transpose", self.transpose)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Solve { transpose: p.flag("transpose")? })
    }
}

/// `op(A)⁻¹ B` on the tape.
pub(super) fn solved(t: &mut Builder, a: Value, b: Value, transpose: bool) -> Value {
    t.put(op(Solve { transpose }), &[a, b])
}

/// B's type, if it is a right-hand side for the matrices A.
pub(super) fn right_hand_side(a: &Type, b: &Type) -> Result<(), Error> {
    let rank = a.shape.rank();
    if b.dtype != a.dtype {
        bail!(DType, "dtypes differ: lhs {a}, rhs {b}");
    }
    if b.shape.rank() != rank || b.shape[..rank - 1] != a.shape[..rank - 1] {
        bail!(Shape, "rhs {b} does not fit the matrix {a}");
    }
    Ok(())
}

impl Primitive<2> for Solve {
    const NAME: &'static str = "solve";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        square(a)?;
        right_hand_side(a, b)?;
        Ok(b.clone())
    }

    /// From op(A) X = B: `Ẋ = op(A)⁻¹ (Ḃ − op(Ȧ) X)`; `B̄ = op(A)⁻ᵀ X̄`, `Ā = −B̄ Xᵀ` or its transpose (Giles 2008, Collected matrix
    /// derivative results, §2.3.1).
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |&Solve { transpose }, t, e, [a_dot, b_dot]| {
                let (a, x) = (e.inputs[0], e.output);
                let moved = a_dot.map(|a_dot| t.dot(a_dot, x, transpose, false));
                let rhs = match (b_dot, moved) {
                    (Some(b_dot), Some(moved)) => t.sub(b_dot, moved),
                    (Some(b_dot), None) => b_dot,
                    (None, Some(moved)) => t.neg(moved),
                    (None, None) => return None,
                };
                Some(solved(t, a, rhs, transpose))
            },
            vjp: |&Solve { transpose }, t, e, x_bar| {
                let (a, x) = (e.inputs[0], e.output);
                let b_bar = solved(t, a, x_bar, !transpose);
                let a_bar = e.wanted[0].then(|| {
                    let (left, right) = if transpose { (x, b_bar) } else { (b_bar, x) };
                    let product = t.dot(left, right, false, true);
                    t.neg(product)
                });
                [a_bar, Some(b_bar)]
            },
        }
    }

    /// Linear in B while A is held.
    fn linear_in(&self, [a_moves, _]: [bool; 2]) -> Linearity {
        if a_moves { Linearity::No } else { Linearity::OthersFixed }
    }

    fn run(&self, [a, b]: [Operand<'_>; 2], x: &mut Output<'_>) -> Result<(), Error> {
        let (n, m) = sizes(b.ty);
        by_float!(x.ty.dtype, T => {
            let (matrices, b, x) = (a.elements::<T>(), b.elements::<T>(), x.elements::<T>());
            for i in 0..batch(a.ty) {
                let (matrix, b, x) = (part(matrices, i, n * n), part(b, i, n * m), part_mut(x, i, n * m));
                quadric_kernels::linalg::solve(matrix, n, self.transpose, b, m, x)
                    .map_err(|column| singular(Self::NAME, i, a.ty, column))?;
            }
        });
        Ok(())
    }

    /// From P A = L U: forward and backward substitution, one right-hand side after the other.
    fn define<S: Scalar>(&self, [a, b]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let (n, m) = sizes(y);
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(y) {
            let matrix = part(a.reals(), i, n * n);
            if !plain::finite(matrix) {
                continue;
            }
            let plain::Lu { f, rows, .. } =
                plain::lu(matrix, n).map_err(|column| singular(Self::NAME, i, &a.ty, column))?;
            let (b, x) = (part(b.reals(), i, n * m), part_mut(&mut out, i, n * m));
            for c in 0..m {
                let mut y = vec![S::ZERO; n];
                if self.transpose {
                    for i in 0..n {
                        y[i] = (0..i).fold(b[i * m + c], |s, j| s - f[j * n + i] * y[j]) / f[i * n + i];
                    }
                    for i in (0..n).rev() {
                        y[i] = (i + 1..n).fold(y[i], |s, j| s - f[j * n + i] * y[j]);
                    }
                    (0..n).for_each(|i| x[rows[i] * m + c] = y[i]);
                } else {
                    for i in 0..n {
                        y[i] = (0..i).fold(b[rows[i] * m + c], |s, j| s - f[i * n + j] * y[j]);
                    }
                    for i in (0..n).rev() {
                        y[i] = (i + 1..n).fold(y[i], |s, j| s - f[i * n + j] * y[j]) / f[i * n + i];
                    }
                    (0..n).for_each(|i| x[i * m + c] = y[i]);
                }
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for transpose in [false, true] {
            let empty = (shape![2, 0, 0], shape![2, 0, 1]);
            for (a, b) in [
                (shape![3, 3], shape![3, 2]),
                (shape![2, 3, 3], shape![2, 3, 1]),
                (shape![1, 1], shape![1, 3]),
                (shape![2, 2], shape![2, 0]),
                empty,
            ] {
                let (matrix, rhs) = ((DType::F64, a, Domain::Regular), (DType::F64, b, Domain::Reals));
                samples.extend(Sample::typed(&Solve { transpose }, [matrix, rhs]));
            }
        }
        samples
    }
}

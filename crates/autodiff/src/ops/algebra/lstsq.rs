//! `lstsq`: linear least squares.

use super::cholesky::solve;
use super::matrix::{batch, deficient, epsilon, part, part_mut, q, r, sizes, tall};
use super::plain;
use crate::ops::prelude::*;

/// `X` that minimises `‖A X − B‖`, column by column, over the last two axes: `A: […,m,n]` of full column rank, m ≥ n, `B: […,m,k]`,
/// `X: […,n,k]`. Householder QR, backward stable (Higham 2002, §20.2).
///
/// It is a primitive, though `R⁻¹ Qᵀ B` is the same, because the derivative of that product multiplies rounding by the square of A's condition
/// even where the residual is zero; the one below does so only as far as the residual is not.
/// Errors and NaN are those of `qr_r`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lstsq;

fn least_squares(t: &mut Builder, a: Value, b: Value) -> Value {
    t.put(op(Lstsq), &[a, b])
}

/// `B − A X`
fn residual(t: &mut Builder, a: Value, b: Value, x: Value) -> Value {
    let ax = t.dot(a, x, false, false);
    t.sub(b, ax)
}

impl Primitive<2> for Lstsq {
    const NAME: &'static str = "lstsq";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        let (_, n) = sizes(&tall(a)?);
        super::solve::right_hand_side(a, b)?;
        Ok(b.with_shape(b.shape.resized(b.shape.rank() - 2, n)))
    }

    /// With the residual ρ = B − A X: `Ẋ = A⁺ (Ḃ − Ȧ X) + (AᵀA)⁻¹ Ȧᵀ ρ`; with `Z = (AᵀA)⁻¹ X̄`, `B̄ = A Z` and `Ā = ρ Zᵀ − B̄ Xᵀ`
    /// (Golub & Pereyra 1973, The differentiation of pseudo-inverses). `(AᵀA)⁻¹` is `R⁻¹ R⁻ᵀ`.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot, b_dot]| {
                let ([a, b], x) = (e.inputs, e.output);
                let Some(a_dot) = a_dot else { return Some(least_squares(t, a, b_dot?)) };
                let moved = t.dot(a_dot, x, false, false);
                let rhs = match b_dot {
                    Some(b_dot) => t.sub(b_dot, moved),
                    None => t.neg(moved),
                };
                let first = least_squares(t, a, rhs);
                let rho = residual(t, a, b, x);
                let turned = t.dot(a_dot, rho, true, false);
                let r = r(t, a);
                let half = solve(t, r, turned, false, true);
                let second = solve(t, r, half, false, false);
                Some(t.add(first, second))
            },
            vjp: |_, t, e, x_bar| {
                let ([a, b], x) = (e.inputs, e.output);
                let (q, r) = (q(t, a), r(t, a));
                let half = solve(t, r, x_bar, false, true);
                // A Z = Q R⁻ᵀ X̄, without the way back and forth through R.
                let b_bar = t.dot(q, half, false, false);
                let a_bar = e.wanted[0].then(|| {
                    let z = solve(t, r, half, false, false);
                    let rho = residual(t, a, b, x);
                    let across = t.dot(rho, z, false, true);
                    let along = t.dot(b_bar, x, false, true);
                    t.sub(across, along)
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
        let ((m, n), (_, k)) = (sizes(a.ty), sizes(b.ty));
        by_float!(x.ty.dtype, T => {
            let (matrices, b, x) = (a.elements::<T>(), b.elements::<T>(), x.elements::<T>());
            for i in 0..batch(a.ty) {
                let (matrix, b, x) = (part(matrices, i, m * n), part(b, i, m * k), part_mut(x, i, n * k));
                quadric_kernels::linalg::lstsq(matrix, m, n, b, k, x)
                    .map_err(|column| deficient(Self::NAME, i, a.ty, column))?;
            }
        });
        Ok(())
    }

    /// `R⁻¹ Qᵀ B`.
    fn define<S: Scalar>(&self, [a, b]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let ((m, n), (_, k)) = (sizes(&a.ty), sizes(y));
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(y) {
            let matrix = part(a.reals(), i, m * n);
            if !plain::finite(matrix) {
                continue;
            }
            let plain::Qr { q, r } =
                plain::qr(matrix, m, n, epsilon(y)).map_err(|j| deficient(Self::NAME, i, &a.ty, j))?;
            let (b, x) = (part(b.reals(), i, m * k), part_mut(&mut out, i, n * k));
            for c in 0..k {
                let column: Vec<S> = (0..m).map(|i| b[i * k + c]).collect();
                for i in (0..n).rev() {
                    let rest = (i + 1..n).fold(plain::inner(&q[i], &column), |s, j| s - r[i * n + j] * x[j * k + c]);
                    x[i * k + c] = rest / r[i * n + i];
                }
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [
            (shape![4, 2], shape![4, 2]),
            (shape![3, 3], shape![3, 2]),
            (shape![2, 3, 2], shape![2, 3, 1]),
            (shape![3, 1], shape![3, 3]),
            (shape![3, 2], shape![3, 0]),
            (shape![2, 0], shape![2, 1]),
        ]
        .into_iter()
        .flat_map(|(a, b)| Sample::typed(&Lstsq, [(DType::F64, a, Domain::Regular), (DType::F64, b, Domain::Reals)]))
        .collect()
    }
}

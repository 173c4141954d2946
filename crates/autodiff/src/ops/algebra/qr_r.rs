//! `qr_r`: the triangular factor of a matrix of full column rank.

use super::cholesky::{in_triangle, transposed};
use super::matrix::{batch, deficient, divided, epsilon, instead_of_matrix, part, part_mut, q, sizes, symmetric_of_upper, tall, upper_of_symmetric};
use super::plain;
use crate::ops::prelude::*;

/// The upper triangular R with a positive diagonal of `A = Q R`, over the last two axes, `[…,m,n] → […,n,n]`, m ≥ n: the Cholesky factor
/// of AᵀA without forming it. Householder reflections.
///
/// A matrix without full column rank is an error at run time that names the column: what is left of it beside those before is no longer
/// than max(m, n) ε times itself. An entry that is not finite makes all of R NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct QrR;

impl Primitive<1> for QrR {
    const NAME: &'static str = "qr_r";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        let (_, n) = sizes(&tall(a)?);
        Ok(instead_of_matrix(a, &[n, n]))
    }

    /// `Ṙ = up(Qᵀ Ȧ R⁻¹) R`, where `up` is the upper triangle of `X + Xᵀ` with half the diagonal; `Ā = Q sym(R̄ Rᵀ) R⁻ᵀ`, where `sym` makes the
    /// upper triangle symmetric (Walter & Lehmann 2010; Seeger et al. 2017, Auto-differentiating linear algebra).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (a, r) = (e.inputs[0], e.output);
                let q = q(t, a);
                let y = divided(t, a_dot?, r, false);
                let m = t.dot(q, y, true, false);
                let up = upper_of_symmetric(t, m);
                Some(t.dot(up, r, false, false))
            },
            vjp: |_, t, e, r_bar| {
                let (a, r) = (e.inputs[0], e.output);
                let q = q(t, a);
                // Entries below the diagonal of R are constant zeros.
                let r_bar = in_triangle(t, r_bar, false, false);
                let n = t.dot(r_bar, r, false, true);
                let sym = symmetric_of_upper(t, n);
                // sym R⁻ᵀ first: n × n, where A may have many more rows.
                let sym = transposed(t, sym);
                let w = super::cholesky::solve(t, r, sym, false, false);
                [Some(t.dot(q, w, false, true))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], r: &mut Output<'_>) -> Result<(), Error> {
        let (m, n) = sizes(a.ty);
        by_float!(r.ty.dtype, T => {
            let (matrices, r) = (a.elements::<T>(), r.elements::<T>());
            for i in 0..batch(a.ty) {
                quadric_kernels::linalg::qr_r(part(matrices, i, m * n), m, n, part_mut(r, i, n * n))
                    .map_err(|column| deficient(Self::NAME, i, a.ty, column))?;
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (m, n) = sizes(&a.ty);
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(y) {
            let matrix = part(a.reals(), i, m * n);
            if plain::finite(matrix) {
                let qr = plain::qr(matrix, m, n, epsilon(y)).map_err(|j| deficient(Self::NAME, i, &a.ty, j))?;
                part_mut(&mut out, i, n * n).copy_from_slice(&qr.r);
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        // Of one row it is |a|, whose second derivative is 0 and has no last place.
        [shape![2, 1], shape![3, 3], shape![5, 2], shape![2, 3, 2], shape![2, 0, 0], shape![3, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&QrR, [(DType::F64, s, Domain::Regular)]))
            .collect()
    }
}

//! `qr_q`: the orthonormal factor of a matrix of full column rank.

use super::matrix::{batch, columns_into, deficient, divided, epsilon, part, part_mut, r, sizes, symmetric_of_upper, tall, upper_of_symmetric};
use super::plain;
use crate::ops::prelude::*;

/// The Q of `A = Q R` with orthonormal columns and a positive diagonal of R, over the last two axes, `[…,m,n]`, m ≥ n. Householder reflections: its
/// columns are orthonormal to rounding whatever the condition of A, as those of A R⁻¹ are not.
///
/// Errors and NaN are those of `qr_r`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct QrQ;

impl Primitive<1> for QrQ {
    const NAME: &'static str = "qr_q";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        tall(a)
    }

    /// With `Y = Ȧ R⁻¹` and `up`, `sym` of `qr_r`: `Q̇ = Y − Q up(Qᵀ Y)`; `Ā = (Q̄ − Q sym(Qᵀ Q̄)) R⁻ᵀ` (Walter & Lehmann 2010; Seeger et al. 2017).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (a, q) = (e.inputs[0], e.output);
                let r = r(t, a);
                let y = divided(t, a_dot?, r, false);
                let m = t.dot(q, y, true, false);
                let up = upper_of_symmetric(t, m);
                let along = t.dot(q, up, false, false);
                Some(t.sub(y, along))
            },
            vjp: |_, t, e, q_bar| {
                let (a, q) = (e.inputs[0], e.output);
                let r = r(t, a);
                let n = t.dot(q, q_bar, true, false);
                let sym = symmetric_of_upper(t, n);
                let along = t.dot(q, sym, false, false);
                let across = t.sub(q_bar, along);
                [Some(divided(t, across, r, true))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], q: &mut Output<'_>) -> Result<(), Error> {
        let (m, n) = sizes(a.ty);
        by_float!(q.ty.dtype, T => {
            let (matrices, q) = (a.elements::<T>(), q.elements::<T>());
            for i in 0..batch(a.ty) {
                quadric_kernels::linalg::qr_q(part(matrices, i, m * n), m, n, part_mut(q, i, m * n))
                    .map_err(|column| deficient(Self::NAME, i, a.ty, column))?;
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (m, n) = sizes(y);
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(y) {
            let matrix = part(a.reals(), i, m * n);
            if plain::finite(matrix) {
                let qr = plain::qr(matrix, m, n, epsilon(y)).map_err(|j| deficient(Self::NAME, i, &a.ty, j))?;
                columns_into(&qr.q, part_mut(&mut out, i, m * n));
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        // Not square: the last column of Q would be a function of the others, with derivatives of 0 by A's last column.
        [shape![2, 1], shape![4, 3], shape![5, 2], shape![2, 3, 2], shape![2, 0, 0], shape![3, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&QrQ, [(DType::F64, s, Domain::Regular)]))
            .collect()
    }
}

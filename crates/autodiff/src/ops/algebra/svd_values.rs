//! `svd_values`: singular values.

use super::matrix::{batch, column_sums, columns_times, instead_of_matrix, part, part_mut, sizes, tall};
use super::plain;
use crate::ops::prelude::*;
use crate::ops::{SvdLeft, SvdRight};

/// The singular values of A, descending, over the last two axes, `[…,m,n] → […,n]`, m ≥ n. One-sided Jacobi rotations, for n up to a few
/// hundred; no product AᵀA is formed.
///
/// A function of singular values alone has the right gradient where they are repeated, if it treats them alike; no gap is divided by. At a
/// singular value 0, which is a kink as |x| is at 0, the derivative is that of one of its sides. An entry that is not finite makes them NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SvdValues;

impl Primitive<1> for SvdValues {
    const NAME: &'static str = "svd_values";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        let (_, n) = sizes(&tall(a)?);
        Ok(instead_of_matrix(a, &[n]))
    }

    /// `σ̇ᵢ = uᵢᵀ Ȧ vᵢ`; `Ā = U diag(σ̄) Vᵀ` (Giles 2008, §3.2).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (u, v) = (t.put(op(SvdLeft), &e.inputs), t.put(op(SvdRight), &e.inputs));
                let moved = t.dot(a_dot?, v, false, false);
                let product = t.mul(u, moved);
                Some(column_sums(t, product))
            },
            vjp: |_, t, e, s_bar| {
                let (u, v) = (t.put(op(SvdLeft), &e.inputs), t.put(op(SvdRight), &e.inputs));
                let scaled = columns_times(t, u, s_bar);
                [Some(t.dot(scaled, v, false, true))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (m, n) = sizes(a.ty);
        by_float!(y.ty.dtype, T => {
            let (matrices, y) = (a.elements::<T>(), y.elements::<T>());
            for i in 0..batch(a.ty) {
                quadric_kernels::linalg::svd_values(part(matrices, i, m * n), m, n, part_mut(y, i, n));
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (m, n) = sizes(&a.ty);
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(&a.ty) {
            let matrix = part(a.reals(), i, m * n);
            if plain::finite(matrix) {
                part_mut(&mut out, i, n).copy_from_slice(&plain::svd(matrix, m, n).values);
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [shape![1, 1], shape![3, 3], shape![4, 2], shape![2, 3, 2], shape![2, 0, 0], shape![3, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&SvdValues, [(DType::F64, s, Domain::Spread)]))
            .collect()
    }
}

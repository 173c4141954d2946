//! `eigh_values`: the eigenvalues of a symmetric matrix.

use super::cholesky::square;
use super::matrix::{batch, column_sums, columns_times, instead_of_matrix, lower_of, part, part_mut, sizes, symmetric_of_lower};
use super::plain;
use crate::ops::EighVectors;
use crate::ops::prelude::*;

/// The eigenvalues of a symmetric A, ascending, over the last two axes, `[…,n,n] → […,n]`; reads the lower triangle of A alone, and is a
/// function of it alone. Jacobi's rotations, for n up to a few hundred.
///
/// A function of eigenvalues alone has the right gradient where eigenvalues are repeated, if it treats them alike (their sum, their product):
/// no gap is divided by. An entry of the triangle that is not finite makes them NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EighValues;

/// All eigenvectors.
fn vectors(t: &mut Builder, a: Value) -> Value {
    let shape = t.shape_of(a);
    let count = shape[shape.rank() - 1];
    t.put(op(EighVectors { first: 0, count }), &[a])
}

impl Primitive<1> for EighValues {
    const NAME: &'static str = "eigh_values";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        let (n, _) = sizes(&square(a)?);
        Ok(instead_of_matrix(a, &[n]))
    }

    /// `ẇᵢ = vᵢᵀ Ȧ vᵢ`, Ȧ made symmetric from its lower triangle; `Ā = V diag(w̄) Vᵀ`, folded into the lower triangle (Giles 2008, §3.1).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let v = vectors(t, e.inputs[0]);
                let a_dot = symmetric_of_lower(t, a_dot?);
                let moved = t.dot(a_dot, v, false, false);
                let product = t.mul(v, moved);
                Some(column_sums(t, product))
            },
            vjp: |_, t, e, w_bar| {
                let v = vectors(t, e.inputs[0]);
                let scaled = columns_times(t, v, w_bar);
                let a_bar = t.dot(scaled, v, false, true);
                [Some(lower_of(t, a_bar))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], w: &mut Output<'_>) -> Result<(), Error> {
        let (n, _) = sizes(a.ty);
        by_float!(w.ty.dtype, T => {
            let (matrices, w) = (a.elements::<T>(), w.elements::<T>());
            for i in 0..batch(a.ty) {
                quadric_kernels::linalg::eigh_values(part(matrices, i, n * n), n, part_mut(w, i, n));
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (n, _) = sizes(&a.ty);
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(&a.ty) {
            let matrix = part(a.reals(), i, n * n);
            if plain::lower_is_finite(matrix, n) {
                part_mut(&mut out, i, n).copy_from_slice(&plain::eigh(matrix, n).0);
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [shape![1, 1], shape![3, 3], shape![2, 4, 4], shape![2, 0, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&EighValues, [(DType::F64, s, Domain::Spread)]))
            .collect()
    }
}

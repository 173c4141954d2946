//! `svd_left`: left singular vectors.

use super::matrix::{batch, columns_into, part, part_mut, sizes, tall};
use super::plain;
use super::svd_right::{Side, pulled, turned};
use crate::ops::prelude::*;
use crate::ops::{SvdRight, SvdValues};

/// The left singular vectors U of `A = U Σ Vᵀ`, over the last two axes, `[…,m,n]`, m ≥ n, as columns in the order of `svd_values`, with the
/// signs that go with those of `svd_right`. Where a singular value is 0 the column is one of those orthogonal to all others. An entry of A
/// that is not finite makes all of them NaN.
///
/// Derivatives divide by the singular values, their gaps and their sums; one that is rounding is an error that names the two entries of
/// the spectrum (σ, −σ).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SvdLeft;

/// One over each singular value, along the columns of `like`.
fn over_values(t: &mut Builder, x: Value, s: Value) -> Value {
    let shape = t.shape_of(x);
    let rank = shape.rank();
    let s = t.broadcast(s, shape, (0..rank - 2).chain([rank - 1]).collect());
    t.div(x, s)
}

impl Primitive<1> for SvdLeft {
    const NAME: &'static str = "svd_left";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        tall(a)
    }

    /// `U̇ = U K + (1 − U Uᵀ) Ȧ V Σ⁻¹` with the antisymmetric K of `svd_right`; `Ā = U P̄ Vᵀ + (1 − U Uᵀ) Ū Σ⁻¹ Vᵀ`. The second terms are there for
    /// m > n (Townsend 2016, Differentiating the singular value decomposition).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (u, v) = (e.output, t.put(op(SvdRight), &e.inputs));
                let s = t.put(op(SvdValues), &e.inputs);
                let moved = t.dot(a_dot?, v, false, false);
                let p = t.dot(u, moved, true, false);
                let k = turned(t, s, p, Side::Left);
                let within = t.dot(u, k, false, false);
                let (m, n) = sizes(&Ops::ty(t, u));
                if m == n {
                    return Some(within);
                }
                let along = t.dot(u, p, false, false);
                let across = t.sub(moved, along);
                let across = over_values(t, across, s);
                Some(t.add(within, across))
            },
            vjp: |_, t, e, u_bar| {
                let (u, v) = (e.output, t.put(op(SvdRight), &e.inputs));
                let s = t.put(op(SvdValues), &e.inputs);
                let n_bar = t.dot(u, u_bar, true, false);
                let p_bar = pulled(t, s, n_bar, Side::Left);
                let mut left = t.dot(u, p_bar, false, false);
                let (m, n) = sizes(&Ops::ty(t, u));
                if m > n {
                    let along = t.dot(u, n_bar, false, false);
                    let across = t.sub(u_bar, along);
                    let across = over_values(t, across, s);
                    left = t.add(left, across);
                }
                [Some(t.dot(left, v, false, true))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (m, n) = sizes(a.ty);
        by_float!(y.ty.dtype, T => {
            let (matrices, y) = (a.elements::<T>(), y.elements::<T>());
            for i in 0..batch(a.ty) {
                quadric_kernels::linalg::svd_left(part(matrices, i, m * n), m, n, part_mut(y, i, m * n));
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
                columns_into(&plain::svd(matrix, m, n).left, part_mut(&mut out, i, m * n));
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        // Of one row nothing but a sign is left, and no derivative.
        [shape![2, 1], shape![2, 2], shape![3, 3], shape![4, 2], shape![2, 3, 2], shape![2, 0, 0], shape![3, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&SvdLeft, [(DType::F64, s, Domain::Spread)]))
            .collect()
    }
}

//! `svd_right`: right singular vectors; and what the derivatives of both bases share.

use super::cholesky::transposed;
use super::matrix::{batch, columns_into, instead_of_matrix, part, part_mut, sizes, tall};
use super::plain;
use crate::ops::prelude::*;
use crate::ops::{Concat, InverseGaps, SvdLeft, SvdValues};
use crate::tape::Op;

/// The right singular vectors V of `A = U Σ Vᵀ`, over the last two axes, `[…,m,n] → […,n,n]`, m ≥ n, as columns in the order of `svd_values`.
///
/// Of each vector the first entry whose magnitude is within a tenth of the largest is positive. An entry of A that is not finite makes all of
/// them NaN.
///
/// Derivatives divide by the gaps and the sums of singular values; one that is rounding is an error that names the two entries of the
/// spectrum (σ, −σ).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SvdRight;

/// Which basis turns.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Side {
    Left,
    Right,
}

/// `G` with 1/(σⱼ − σᵢ) and `H` with 1/(σⱼ + σᵢ), from the eigenvalues σ, −σ of [[0, A], [Aᵀ, 0]] (Jordan and Wielandt's matrix): the gaps of its
/// eigenvectors, which are [u; v] and [u; −v].
fn gaps(t: &mut Builder, s: Value) -> (Value, Value) {
    let shape = t.shape_of(s);
    let (axis, n) = (shape.rank() - 1, shape[shape.rank() - 1]);
    let negative = t.neg(s);
    let spectrum = t.put(Op::new(Concat { axis }), &[s, negative]);
    let both = t.put(op(InverseGaps { first: 0, count: n }), &[spectrum]);
    let size = shape.inserted(axis, n).to_vec();
    let half = |t: &mut Builder, from: usize| {
        let mut start = vec![0; size.len()];
        start[axis] = from;
        t.slice(both, start, size.clone(), vec![1; size.len()])
    };
    (half(t, 0), half(t, n))
}

/// `½ (G ∘ (P + Pᵀ) ± H ∘ (P − Pᵀ))` for `P = Uᵀ Ȧ V`: the antisymmetric matrix by which U (+) and V (−) turn within their spans.
pub(super) fn turned(t: &mut Builder, s: Value, p: Value, side: Side) -> Value {
    let (g, h) = gaps(t, s);
    let mirrored = transposed(t, p);
    let (sum, difference) = (t.add(p, mirrored), t.sub(p, mirrored));
    let (a, b) = (t.mul(g, sum), t.mul(h, difference));
    let twice = if side == Side::Left { t.add(a, b) } else { t.sub(a, b) };
    let half = t.like(twice, 0.5);
    t.mul(half, twice)
}

/// The transpose of [`turned`] as a map of P: `½ (X + Xᵀ ± (Y − Yᵀ))` with `X = G ∘ N`, `Y = H ∘ N`.
pub(super) fn pulled(t: &mut Builder, s: Value, n: Value, side: Side) -> Value {
    let (g, h) = gaps(t, s);
    let (x, y) = (t.mul(g, n), t.mul(h, n));
    let (x_t, y_t) = (transposed(t, x), transposed(t, y));
    let (sum, difference) = (t.add(x, x_t), t.sub(y, y_t));
    let twice = if side == Side::Left { t.add(sum, difference) } else { t.sub(sum, difference) };
    let half = t.like(twice, 0.5);
    t.mul(half, twice)
}

impl Primitive<1> for SvdRight {
    const NAME: &'static str = "svd_right";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        let (_, n) = sizes(&tall(a)?);
        Ok(instead_of_matrix(a, &[n, n]))
    }

    /// `V̇ = V L`, L antisymmetric, from `P = Uᵀ Ȧ V`; `Ā = U P̄ Vᵀ` (Townsend 2016, Differentiating the singular value decomposition).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (u, v) = (t.put(op(SvdLeft), &e.inputs), e.output);
                let s = t.put(op(SvdValues), &e.inputs);
                let moved = t.dot(a_dot?, v, false, false);
                let p = t.dot(u, moved, true, false);
                let l = turned(t, s, p, Side::Right);
                Some(t.dot(v, l, false, false))
            },
            vjp: |_, t, e, v_bar| {
                let (u, v) = (t.put(op(SvdLeft), &e.inputs), e.output);
                let s = t.put(op(SvdValues), &e.inputs);
                let n_bar = t.dot(v, v_bar, true, false);
                let p_bar = pulled(t, s, n_bar, Side::Right);
                let left = t.dot(u, p_bar, false, false);
                [Some(t.dot(left, v, false, true))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (m, n) = sizes(a.ty);
        by_float!(y.ty.dtype, T => {
            let (matrices, y) = (a.elements::<T>(), y.elements::<T>());
            for i in 0..batch(a.ty) {
                quadric_kernels::linalg::svd_right(part(matrices, i, m * n), m, n, part_mut(y, i, n * n));
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
                columns_into(&plain::svd(matrix, m, n).right, part_mut(&mut out, i, n * n));
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        // Two columns turn by one angle alone, whose derivative is small here and there.
        [shape![3, 3], shape![5, 3], shape![2, 3, 3], shape![2, 0, 0], shape![3, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&SvdRight, [(DType::F64, s, Domain::Spread)]))
            .collect()
    }
}

//! `cholesky`: the triangular factor of a positive definite matrix.

use crate::ops::{Iota, TriangularSolve};
use crate::ops::prelude::*;

/// `A = L Lᵀ` for symmetric positive definite A, over the last two axes; reads the lower triangle of A alone, and is a
/// function of it alone. A matrix that is not positive definite is an error at run time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cholesky;

/// `x`'s type, if its last two axes are a square matrix of floats.
pub(super) fn square(x: &Type) -> Result<Type, Error> {
    let rank = x.shape.rank();
    if rank < 2 || x.shape[rank - 1] != x.shape[rank - 2] {
        bail!(Shape, "the operand is {x}, a square matrix is needed");
    }
    float(x)
}

/// Where row ≥ column (`lower`) or row ≤ column; without the diagonal if `strict`.
pub(super) fn triangle(t: &mut Builder, like: Value, lower: bool, strict: bool) -> Value {
    let ty = Ops::ty(t, like);
    let rank = ty.shape.rank();
    let index = ty.with_dtype(DType::I32);
    let row = t.put(op(Iota { ty: index.clone(), axis: rank - 2 }), &[]);
    let col = t.put(op(Iota { ty: index, axis: rank - 1 }), &[]);
    let (low, high) = if lower { (col, row) } else { (row, col) };
    if strict { t.lt(low, high) } else { t.le(low, high) }
}

/// `x` with zeros outside a triangle.
pub(super) fn in_triangle(t: &mut Builder, x: Value, lower: bool, strict: bool) -> Value {
    let mask = triangle(t, x, lower, strict);
    let zero = t.like(x, 0.0);
    t.select(mask, x, zero)
}

pub(super) fn transposed(t: &mut Builder, x: Value) -> Value {
    let rank = t.shape_of(x).rank();
    let mut order: Vec<usize> = (0..rank).collect();
    order.swap(rank - 2, rank - 1);
    t.permute(x, &order)
}

pub(super) fn solve(t: &mut Builder, a: Value, b: Value, lower: bool, transpose: bool) -> Value {
    t.put(op(TriangularSolve { lower, transpose }), &[a, b])
}

/// The lower triangle with half the diagonal: Φ of Murray (2016).
fn half_lower(t: &mut Builder, x: Value) -> Value {
    let below = in_triangle(t, x, true, true);
    let with = in_triangle(t, x, true, false);
    let sum = t.add(below, with);
    let half = t.like(sum, 0.5);
    t.mul(half, sum)
}

impl Primitive<1> for Cholesky {
    const NAME: &'static str = "cholesky";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        square(a)
    }

    /// With Ȧ made symmetric from its lower triangle, `L̇ = L Φ(L⁻¹ Ȧ L⁻ᵀ)`; the reverse is its transpose step by step
    /// (Murray 2016, Differentiation of the Cholesky decomposition).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (a_dot, l) = (a_dot?, e.output);
                let below = in_triangle(t, a_dot, true, true);
                let above = transposed(t, below);
                let lower = in_triangle(t, a_dot, true, false);
                let symmetric = t.add(lower, above);
                let left = solve(t, l, symmetric, true, false);
                let left = transposed(t, left);
                let both = solve(t, l, left, true, false);
                let phi = half_lower(t, both);
                Some(t.dot(l, phi, false, false))
            },
            vjp: |_, t, e, l_bar| {
                let l = e.output;
                // Entries above the diagonal of L are constant zeros.
                let l_bar = in_triangle(t, l_bar, true, false);
                let product = t.dot(l, l_bar, true, false);
                let phi = half_lower(t, product);
                let left = solve(t, l, phi, true, true);
                let left = transposed(t, left);
                let both = solve(t, l, left, true, true);
                let mirrored = transposed(t, both);
                let sum = t.add(both, mirrored);
                // Below the diagonal S̄ᵢⱼ + S̄ⱼᵢ, on it S̄ᵢᵢ: the sum with half its diagonal.
                [Some(half_lower_diagonal(t, sum))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], l: &mut Output<'_>) -> Result<(), Error> {
        let n = l.ty.shape[l.ty.shape.rank() - 1];
        let square = (n * n).max(1); // an empty slice has no pieces, whatever their length
        by_float!(l.ty.dtype, T => {
            for (a, l) in a.elements::<T>().chunks(square).zip(l.elements().chunks_mut(square)) {
                quadric_kernels::linalg::cholesky(a, n, l).map_err(not_positive_definite)?;
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let n = y.shape[y.shape.rank() - 1];
        let square = (n * n).max(1);
        let mut out = vec![S::ZERO; y.shape.size()];
        for (a, l) in a.reals().chunks(square).zip(out.chunks_mut(square)) {
            for i in 0..n {
                for j in 0..=i {
                    let sum = (0..j).fold(a[i * n + j], |s, k| s - l[i * n + k] * l[j * n + k]);
                    if i == j && (sum <= S::ZERO || sum.is_nan()) {
                        return Err(not_positive_definite(i));
                    }
                    l[i * n + j] = if i == j { sum.sqrt() } else { sum / l[j * n + j] };
                }
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [shape![1, 1], shape![3, 3], shape![2, 4, 4], shape![2, 0, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&Cholesky, [(DType::F64, s, Domain::PositiveDefinite)]))
            .collect()
    }
}

/// The lower triangle, the diagonal halved.
fn half_lower_diagonal(t: &mut Builder, x: Value) -> Value {
    let below = in_triangle(t, x, true, true);
    let phi = half_lower(t, x);
    let half_below = in_triangle(t, phi, true, true);
    // Φ halves nothing below the diagonal, so the difference of the two is the halved diagonal alone.
    let diagonal = t.sub(phi, half_below);
    t.add(below, diagonal)
}

fn not_positive_definite(pivot: usize) -> Error {
    Error::new(crate::ErrorKind::Data, format!("cholesky: the matrix is not positive definite (pivot {pivot})"))
}

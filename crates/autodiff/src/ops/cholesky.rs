//! `cholesky`: the triangular factor of a positive definite matrix.

use super::op;
use super::prelude::*;

/// `A = L Lᵀ` for symmetric positive definite A, over the last two axes; reads the lower triangle of A alone, and is a
/// function of it alone. A matrix that is not positive definite is an error at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    let row = t.put(op(super::Iota { ty: index.clone(), axis: rank - 2 }), &[]);
    let col = t.put(op(super::Iota { ty: index, axis: rank - 1 }), &[]);
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
    t.put(op(super::TriangularSolve { lower, transpose }), &[a, b])
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
    fn rule(&self) -> Rule {
        Rule::General {
            class: Class::Nonlinear,
            jvp: Box::new(|t, e, dots| {
                let Some(a_dot) = dots[0] else { return Ok(vec![None]) };
                let l = e.outputs[0];
                let below = in_triangle(t, a_dot, true, true);
                let above = transposed(t, below);
                let lower = in_triangle(t, a_dot, true, false);
                let symmetric = t.add(lower, above);
                let left = solve(t, l, symmetric, true, false);
                let left = transposed(t, left);
                let both = solve(t, l, left, true, false);
                let phi = half_lower(t, both);
                Ok(vec![Some(t.dot(l, phi, false, false))])
            }),
            vjp: Box::new(|t, e, bars| {
                let Some(l_bar) = bars[0] else { return Ok(vec![None]) };
                let l = e.outputs[0];
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
                Ok(vec![Some(half_lower_diagonal(t, sum))])
            }),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Cholesky
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Cholesky)
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

//! `triangular_solve`: linear systems with a triangular matrix.

use super::cholesky::{in_triangle, solve, square};
use crate::ops::prelude::*;

/// `X = op(T)⁻¹ B` over the last two axes, T the `lower` or upper triangle of A, op the transpose if `transpose`. Reads that
/// triangle alone, and is a function of it alone. `A: […,n,n]`, `B: […,n,m]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TriangularSolve {
    /// Which triangle of A counts.
    pub lower: bool,
    /// Whether the system is the transposed one.
    pub transpose: bool,
}

impl Parameters for TriangularSolve {
    fn params(&self) -> Params {
        Params::none().with("lower", self.lower).with("transpose", self.transpose)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(TriangularSolve { lower: p.flag("lower")?, transpose: p.flag("transpose")? })
    }
}

impl Primitive<2> for TriangularSolve {
    const NAME: &'static str = "triangular_solve";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        square(a)?;
        let rank = a.shape.rank();
        if b.dtype != a.dtype {
            bail!(DType, "dtypes differ: lhs {a}, rhs {b}");
        }
        if b.shape.rank() != rank || b.shape[..rank - 1] != a.shape[..rank - 1] {
            bail!(Shape, "rhs {b} does not fit the matrix {a}");
        }
        Ok(b.clone())
    }

    /// From op(T) X = B: `Ẋ = op(T)⁻¹ (Ḃ − op(Ṫ) X)`; `B̄ = op(T)⁻ᵀ X̄`, `T̄ = −B̄ Xᵀ` or its transpose, in the triangle.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |&TriangularSolve { lower, transpose }, t, e, [a_dot, b_dot]| {
                let (a, x) = (e.inputs[0], e.output);
                let moved = a_dot.map(|a_dot| {
                    let a_dot = in_triangle(t, a_dot, lower, false);
                    t.dot(a_dot, x, transpose, false)
                });
                let rhs = match (b_dot, moved) {
                    (Some(b_dot), Some(moved)) => t.sub(b_dot, moved),
                    (Some(b_dot), None) => b_dot,
                    (None, Some(moved)) => t.neg(moved),
                    (None, None) => return None,
                };
                Some(solve(t, a, rhs, lower, transpose))
            },
            vjp: |&TriangularSolve { lower, transpose }, t, e, x_bar| {
                let (a, x) = (e.inputs[0], e.output);
                let b_bar = solve(t, a, x_bar, lower, !transpose);
                let a_bar = e.wanted[0].then(|| {
                    let (left, right) = if transpose { (x, b_bar) } else { (b_bar, x) };
                    let product = t.dot(left, right, false, true);
                    let product = t.neg(product);
                    in_triangle(t, product, lower, false)
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
        let (n, m) = (b.ty.shape[b.ty.shape.rank() - 2], b.ty.shape[b.ty.shape.rank() - 1]);
        let (square, each) = ((n * n).max(1), (n * m).max(1)); // an empty slice has no pieces, whatever their length
        by_float!(x.ty.dtype, T => {
            let systems = a.elements::<T>().chunks(square).zip(b.elements().chunks(each));
            for ((a, b), x) in systems.zip(x.elements().chunks_mut(each)) {
                quadric_kernels::linalg::triangular_solve(a, n, self.lower, self.transpose, b, m, x);
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a, b]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let (rows, cols) = (y.shape[y.shape.rank() - 2], y.shape[y.shape.rank() - 1]);
        let (square, each) = ((rows * rows).max(1), (rows * cols).max(1));
        let mut out = vec![S::ZERO; y.shape.size()];
        let systems = a.reals().chunks(square).zip(b.reals().chunks(each));
        for ((a, b), y) in systems.zip(out.chunks_mut(each)) {
            let at = |i: usize, j: usize| if self.transpose { a[j * rows + i] } else { a[i * rows + j] };
            // Forward substitution if op(T) is lower triangular, backward if upper.
            let forward = self.lower != self.transpose;
            for c in 0..cols {
                for step in 0..rows {
                    let i = if forward { step } else { rows - 1 - step };
                    let known = if forward { 0..i } else { i + 1..rows };
                    let sum = known.fold(b[i * cols + c], |s, j| s - at(i, j) * y[j * cols + c]);
                    y[i * cols + c] = sum / at(i, i);
                }
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        let mut samples = Vec::new();
        for (lower, transpose) in [(true, false), (true, true), (false, false), (false, true)] {
            let op = TriangularSolve { lower, transpose };
            let none = (shape![3, 3], shape![3, 0]);
            for (a, b) in [(shape![3, 3], shape![3, 2]), (shape![2, 3, 3], shape![2, 3, 1]), none] {
                let matrix = (DType::F64, a, Domain::Triangular);
                samples.extend(Sample::typed(&op, [matrix, (DType::F64, b, Domain::Reals)]));
            }
        }
        samples
    }
}

//! `triangular_solve`: linear systems with a triangular matrix.

use super::cholesky::{in_triangle, solve, square};
use super::prelude::*;

/// `X = op(T)⁻¹ B` over the last two axes, T the `lower` or upper triangle of A, op the transpose if `transpose`. Reads that
/// triangle alone, and is a function of it alone. `A: […,n,n]`, `B: […,n,m]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TriangularSolve {
    /// Which triangle of A counts.
    pub lower: bool,
    /// Whether the system is the transposed one.
    pub transpose: bool,
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
    fn rule(&self) -> Rule {
        let TriangularSolve { lower, transpose } = *self;
        Rule::General {
            class: Class::Nonlinear,
            jvp: Box::new(move |t, e, dots| {
                let (a, x) = (e.inputs[0], e.outputs[0]);
                let moved = dots[0].map(|a_dot| {
                    let a_dot = in_triangle(t, a_dot, lower, false);
                    t.dot(a_dot, x, transpose, false)
                });
                let rhs = match (dots[1], moved) {
                    (Some(b_dot), Some(moved)) => t.sub(b_dot, moved),
                    (Some(b_dot), None) => b_dot,
                    (None, Some(moved)) => t.neg(moved),
                    (None, None) => return Ok(vec![None]),
                };
                Ok(vec![Some(solve(t, a, rhs, lower, transpose))])
            }),
            vjp: Box::new(move |t, e, bars| {
                let Some(x_bar) = bars[0] else { return Ok(vec![None, None]) };
                let (a, x) = (e.inputs[0], e.outputs[0]);
                let b_bar = solve(t, a, x_bar, lower, !transpose);
                let a_bar = e.wanted[0].then(|| {
                    let (left, right) = if transpose { (x, b_bar) } else { (b_bar, x) };
                    let product = t.dot(left, right, false, true);
                    let product = t.neg(product);
                    in_triangle(t, product, lower, false)
                });
                Ok(vec![a_bar, Some(b_bar)])
            }),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::TriangularSolve { lower: self.lower, transpose: self.transpose }
    }

    fn params(&self) -> Params {
        Params::none().with("lower", self.lower).with("transpose", self.transpose)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(TriangularSolve { lower: p.flag("lower")?, transpose: p.flag("transpose")? })
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

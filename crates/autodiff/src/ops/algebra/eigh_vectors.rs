//! `eigh_vectors`: eigenvectors of a symmetric matrix.

use super::cholesky::square;
use super::matrix::{batch, columns_into, instead_of_matrix, lower_of, part, part_mut, sizes, symmetric_of_lower};
use super::plain;
use crate::ops::prelude::*;
use crate::ops::{EighValues, InverseGaps};

/// Eigenvectors `first`, …, `first + count − 1` of a symmetric A, in the order of `eigh_values`, as the columns of a matrix, over the last two
/// axes, `[…,n,n] → […,n,count]`; reads the lower triangle of A alone, and is a function of it alone. Jacobi's rotations.
///
/// Of each vector the first entry whose magnitude is within a tenth of the largest is positive: a choice that rounding does not change where entries
/// are equal. An entry of the triangle that is not finite makes all of them NaN.
///
/// Derivatives divide by the gaps between each of these eigenvalues and all others; one that is rounding is an error that names the two.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EighVectors {
    /// The first column.
    pub first: usize,
    /// How many columns.
    pub count: usize,
}

impl Parameters for EighVectors {
    fn params(&self) -> Params {
        Params::none().with("first", self.first).with("count", self.count)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(EighVectors { first: p.size("first")?, count: p.size("count")? })
    }
}

impl EighVectors {
    /// All eigenvectors, and one over the gaps.
    fn all(&self, t: &mut Builder, a: Value) -> (Value, Value) {
        let shape = t.shape_of(a);
        let v = t.put(op(EighVectors { first: 0, count: shape[shape.rank() - 1] }), &[a]);
        let w = t.put(op(EighValues), &[a]);
        (v, t.put(op(InverseGaps { first: self.first, count: self.count }), &[w]))
    }
}

impl Primitive<1> for EighVectors {
    const NAME: &'static str = "eigh_vectors";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        let (n, _) = sizes(&square(a)?);
        if self.first.checked_add(self.count).is_none_or(|end| end > n) {
            bail!(Shape, "{} vectors from {} on are more than {a} has", self.count, self.first);
        }
        Ok(instead_of_matrix(a, &[n, self.count]))
    }

    /// With all eigenvectors U, these V, and `G` of `inverse_gaps`: `V̇ = U (G ∘ Uᵀ Ȧ V)`; `Ā = U (G ∘ Uᵀ V̄) Vᵀ`, folded into the lower triangle
    /// (Giles 2008, §3.1).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |this, t, e, [a_dot]| {
                let (u, g) = this.all(t, e.inputs[0]);
                let a_dot = symmetric_of_lower(t, a_dot?);
                let moved = t.dot(a_dot, e.output, false, false);
                let p = t.dot(u, moved, true, false);
                let p = t.mul(g, p);
                Some(t.dot(u, p, false, false))
            },
            vjp: |this, t, e, v_bar| {
                let (u, g) = this.all(t, e.inputs[0]);
                let p = t.dot(u, v_bar, true, false);
                let p = t.mul(g, p);
                let left = t.dot(u, p, false, false);
                let a_bar = t.dot(left, e.output, false, true);
                [Some(lower_of(t, a_bar))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], v: &mut Output<'_>) -> Result<(), Error> {
        let ((n, _), &EighVectors { first, count }) = (sizes(a.ty), self);
        by_float!(v.ty.dtype, T => {
            let (matrices, v) = (a.elements::<T>(), v.elements::<T>());
            for i in 0..batch(a.ty) {
                let v = part_mut(v, i, n * count);
                quadric_kernels::linalg::eigh_vectors(part(matrices, i, n * n), n, first, count, v);
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (n, count) = sizes(y);
        let mut out = vec![S::from_f64(f64::NAN); y.shape.size()];
        for i in 0..batch(y) {
            let matrix = part(a.reals(), i, n * n);
            if plain::lower_is_finite(matrix, n) {
                let vectors = plain::eigh(matrix, n).1;
                columns_into(&vectors[self.first..self.first + count], part_mut(&mut out, i, n * count));
            }
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        // Of one row nothing but a sign is left, and no derivative.
        [(0, 2, shape![2, 2]), (0, 3, shape![3, 3]), (1, 2, shape![2, 3, 3]), (0, 0, shape![2, 0, 0]), (1, 0, shape![2, 2])]
            .into_iter()
            .flat_map(|(first, count, s)| Sample::typed(&EighVectors { first, count }, [(DType::F64, s, Domain::Spread)]))
            .collect()
    }
}

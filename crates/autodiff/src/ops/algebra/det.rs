//! `det`: the determinant.

use super::cholesky::square;
use super::matrix::{batch, identity, instead_of_matrix, over, part, sizes, total};
use super::plain;
use super::solve::solved;
use crate::ops::prelude::*;
use crate::tensor::Tensor;

/// Up to this size the derivative is made of cofactors, which are right for singular matrices too.
const COFACTORS: usize = 6;

/// `y = det A` over the last two axes, `[…,n,n] → […]`: the product of the pivots of LU with partial pivoting; 1 for n = 0. An entry
/// that is not finite makes it NaN.
///
/// A column of zeros left by elimination gives exactly 0; a matrix that is singular to rounding gives about ε ‖A‖ⁿ, the determinant of
/// a matrix nearby. The product overflows or underflows only if the determinant does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Det;

/// C with `Cᵢⱼ = ∂ det A / ∂ Aᵢⱼ`, A of n × n.
///
/// Up to 6 × 6 these are the determinants of the n² matrices that are A without a row and a column, taken from A by index, so they
/// are polynomials as they should be and all that follows of them is right whether A is singular or not; they cost n⁵. From there on it is
/// `det A · A⁻ᵀ` (Giles 2008, §2.2.4), which costs n³ and stops with the error of `solve` at a singular matrix.
fn cofactors(t: &mut Builder, a: Value, det: Value) -> Value {
    let shape = t.shape_of(a);
    let (rank, n) = (shape.rank(), shape[shape.rank() - 1]);
    if n > COFACTORS {
        let one = identity(t, a);
        let inverse = solved(t, a, one, true);
        let det = over(t, det, inverse, &[]);
        return t.mul(det, inverse);
    }
    // For every i all rows but i, one after the other; columns alike.
    let others: Vec<i32> = (0..n * n).filter(|p| p / n != p % n).map(|p| (p % n) as i32).collect();
    let others = t.constant(Tensor::from_vec(&others));
    let rows = t.gather(a, others, rank - 2);
    let both = t.gather(rows, others, rank - 1);
    let front = &shape[..rank - 2];
    let apart = t.reshape(both, [front, &[n, n - 1, n, n - 1]].concat().into());
    let mut order: Vec<usize> = (0..rank + 2).collect();
    order.swap(rank - 1, rank);
    let minors = t.permute(apart, &order);
    let minors = t.put(op(Det), &[minors]);
    let dtype = Ops::ty(t, a).dtype;
    let signs = Tensor::from_fn(dtype, [n, n], |p| if (p / n + p % n).is_multiple_of(2) { 1.0 } else { -1.0 });
    let signs = t.constant(signs);
    let signs = t.broadcast(signs, shape, vec![rank - 2, rank - 1]);
    t.mul(signs, minors)
}

impl Primitive<1> for Det {
    const NAME: &'static str = "det";

    fn infer(&self, [a]: [&Type; 1]) -> Result<Type, Error> {
        Ok(instead_of_matrix(&square(a)?, &[]))
    }

    /// `ẏ = ⟨C, Ȧ⟩` and `Ā = ȳ C` with the cofactors C (Jacobi's formula). 0 × 0 determinants do not move.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot]| {
                let (a, a_dot) = (e.inputs[0], a_dot?);
                if t.shape_of(a).last() == Some(&0) {
                    return None;
                }
                let c = cofactors(t, a, e.output);
                let product = t.mul(c, a_dot);
                Some(total(t, product))
            },
            vjp: |_, t, e, y_bar| {
                let a = e.inputs[0];
                if t.shape_of(a).last() == Some(&0) {
                    return [None];
                }
                let c = cofactors(t, a, e.output);
                let y_bar = over(t, y_bar, c, &[]);
                [Some(t.mul(y_bar, c))]
            },
        }
    }

    fn run(&self, [a]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (n, _) = sizes(a.ty);
        by_float!(y.ty.dtype, T => {
            let a = a.elements::<T>();
            for (i, y) in y.elements::<T>().iter_mut().enumerate() {
                *y = quadric_kernels::linalg::det(part(a, i, n * n), n);
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [a]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (n, _) = sizes(&a.ty);
        let of = |i: usize| {
            let matrix = part(a.reals(), i, n * n);
            if !plain::finite(matrix) {
                return S::from_f64(f64::NAN);
            }
            let Ok(plain::Lu { f, sign, .. }) = plain::lu(matrix, n) else { return S::ZERO };
            // Large and small pivots by turns, so that no product on the way leaves the range.
            let mut pivots: Vec<S> = (0..n).map(|i| f[i * n + i]).collect();
            pivots.sort_by(|a, b| a.abs().to_f64().total_cmp(&b.abs().to_f64()));
            let (mut product, mut pivots) = (sign, std::collections::VecDeque::from(pivots));
            let mut next = |large: bool| if large { pivots.pop_back() } else { pivots.pop_front() };
            while let Some(pivot) = next(product.abs() < S::ONE) {
                product = product * pivot;
            }
            product
        };
        Ok(Array::real(y, (0..batch(&a.ty)).map(of).collect()))
    }

    fn samples() -> Vec<Sample> {
        [shape![1, 1], shape![3, 3], shape![2, 2, 2], shape![2, 0, 0]]
            .into_iter()
            .flat_map(|s| Sample::typed(&Det, [(DType::F64, s, Domain::Reals)]))
            // Beyond the size of cofactors.
            .chain(Sample::typed(&Det, [(DType::F64, shape![7, 7], Domain::Regular)]))
            .collect()
    }
}

//! What the pages of matrices share: shapes, and tape that several rules write.

use super::cholesky::{in_triangle, solve, transposed};
use crate::ops::prelude::*;
use crate::ops::{Iota, QrQ, QrR};

/// The last two sizes.
pub(super) fn sizes(x: &Type) -> (usize, usize) {
    let rank = x.shape.rank();
    (x.shape[rank - 2], x.shape[rank - 1])
}

/// The type without its last two axes, followed by these.
pub(super) fn instead_of_matrix(x: &Type, sizes: &[usize]) -> Type {
    x.with_shape([&x.shape[..x.shape.rank() - 2], sizes].concat())
}

/// Matrix (or vector) `i` of a batch whose parts have this many elements; works for empty ones too.
pub(super) fn part<T>(x: &[T], i: usize, size: usize) -> &[T] {
    &x[i * size..][..size]
}

/// [`part`], to be written.
pub(super) fn part_mut<T>(x: &mut [T], i: usize, size: usize) -> &mut [T] {
    &mut x[i * size..][..size]
}

/// How many matrices the axes in front make.
pub(super) fn batch(x: &Type) -> usize {
    x.shape[..x.shape.rank() - 2].iter().product()
}

/// Which one an error speaks of.
pub(super) fn the_matrix(i: usize, x: &Type) -> String {
    if x.shape.rank() == 2 { "the matrix".into() } else { format!("matrix {i} of the batch") }
}

/// What `run` says of a matrix without a pivot in a column.
pub(super) fn singular(name: &str, i: usize, a: &Type, column: usize) -> Error {
    let what = format!("{name}: {} is singular (no pivot in column {column})", the_matrix(i, a));
    Error::new(crate::ErrorKind::Data, what)
}

/// The identity matrix in x's place.
pub(super) fn identity(t: &mut Builder, x: Value) -> Value {
    let ty = Ops::ty(t, x);
    let (rank, index) = (ty.shape.rank(), ty.with_dtype(DType::I32));
    let row = t.put(op(Iota { ty: index.clone(), axis: rank - 2 }), &[]);
    let column = t.put(op(Iota { ty: index, axis: rank - 1 }), &[]);
    let diagonal = t.eq(row, column);
    let (one, zero) = (t.full(&ty, 1.0), t.full(&ty, 0.0));
    t.select(diagonal, one, zero)
}

/// A number for each matrix, or a vector along the axes that are kept, repeated over the whole of `like`.
pub(super) fn over(t: &mut Builder, x: Value, like: Value, kept: &[usize]) -> Value {
    let shape = t.shape_of(like);
    let front = 0..shape.rank() - 2;
    t.broadcast(x, shape, front.chain(kept.iter().copied()).collect())
}

/// The sum of all entries of each matrix.
pub(super) fn total(t: &mut Builder, x: Value) -> Value {
    let rank = t.shape_of(x).rank();
    t.sum(x, &axes![rank - 2, rank - 1])
}

/// The unit in the last place of 1 in this dtype: what rank and gaps are judged by, in double-double too.
pub(super) fn epsilon(x: &Type) -> f64 {
    if x.dtype == DType::F32 { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

/// `x`'s type, if its last two axes are a matrix of floats with no fewer rows than columns.
pub(super) fn tall(x: &Type) -> Result<Type, Error> {
    let rank = x.shape.rank();
    if rank < 2 || x.shape[rank - 2] < x.shape[rank - 1] {
        bail!(Shape, "the operand is {x}, a matrix with no fewer rows than columns is needed");
    }
    float(x)
}

/// What `run` says of a matrix whose columns are not independent.
pub(super) fn deficient(name: &str, i: usize, a: &Type, column: usize) -> Error {
    let what = format!(
        "{name}: {} has not full rank (column {column} is, to rounding, a combination of those before it)",
        the_matrix(i, a)
    );
    Error::new(crate::ErrorKind::Data, what)
}

/// `Q` and `R` of A = Q R.
pub(super) fn q(t: &mut Builder, a: Value) -> Value {
    t.put(op(QrQ), &[a])
}

/// See [`q`].
pub(super) fn r(t: &mut Builder, a: Value) -> Value {
    t.put(op(QrR), &[a])
}

/// `X R⁻¹` for an upper triangular R, or `X R⁻ᵀ` if `transpose`.
pub(super) fn divided(t: &mut Builder, x: Value, r: Value, transpose: bool) -> Value {
    let x = transposed(t, x);
    let y = solve(t, r, x, false, !transpose);
    transposed(t, y)
}

/// The upper triangle of X + Xᵀ with half the diagonal: what of Qᵀ Ȧ R⁻¹ moves R.
pub(super) fn upper_of_symmetric(t: &mut Builder, x: Value) -> Value {
    let mirrored = transposed(t, x);
    let above = in_triangle(t, x, false, false);
    let below = in_triangle(t, mirrored, false, true);
    t.add(above, below)
}

/// The transpose of [`upper_of_symmetric`] as a map: the upper triangle of X made symmetric.
pub(super) fn symmetric_of_upper(t: &mut Builder, x: Value) -> Value {
    let above = in_triangle(t, x, false, false);
    let strictly = in_triangle(t, x, false, true);
    let below = transposed(t, strictly);
    t.add(above, below)
}

/// The symmetric matrix of a lower triangle.
pub(super) fn symmetric_of_lower(t: &mut Builder, x: Value) -> Value {
    let below = in_triangle(t, x, true, false);
    let strictly = in_triangle(t, x, true, true);
    let above = transposed(t, strictly);
    t.add(below, above)
}

/// The transpose of [`symmetric_of_lower`] as a map: Xᵢⱼ + Xⱼᵢ below the diagonal, Xᵢᵢ on it.
pub(super) fn lower_of(t: &mut Builder, x: Value) -> Value {
    let mirrored = transposed(t, x);
    let below = in_triangle(t, x, true, false);
    let above = in_triangle(t, mirrored, true, true);
    t.add(below, above)
}

/// X with column j times `w`'s entry j.
pub(super) fn columns_times(t: &mut Builder, x: Value, w: Value) -> Value {
    let rank = t.shape_of(x).rank();
    let w = over(t, w, x, &[rank - 1]);
    t.mul(x, w)
}

/// The sums of the columns.
pub(super) fn column_sums(t: &mut Builder, x: Value) -> Value {
    let rank = t.shape_of(x).rank();
    t.sum(x, &axes![rank - 2])
}

/// Writes columns as a row-major matrix.
pub(super) fn columns_into<S: Copy>(columns: &[Vec<S>], out: &mut [S]) {
    for (j, column) in columns.iter().enumerate() {
        column.iter().enumerate().for_each(|(i, x)| out[i * columns.len() + j] = *x);
    }
}

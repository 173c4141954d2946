//! What the pages of matrices share: shapes, and tape that several rules write.

use crate::ops::Iota;
use crate::ops::prelude::*;

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

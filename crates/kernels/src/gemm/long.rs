//! Products with a long inner dimension: cut into pieces that combine pairwise, as the terms of a sum do.

use super::{MatRef, Tile, multiply_at_once};
use crate::element::Real;
use crate::math::Lane;

/// The longest inner dimension that is one sum.
pub(super) const LONGEST: usize = 2048;
/// The inner size of a piece.
pub(super) const PIECE: usize = 1536;
/// Rows and columns of C that are computed together, so that the pieces' products take little memory.
const ROWS: usize = 256;
const COLS: usize = 512;

/// The columns of A from `first` on, `count` of them.
pub(super) fn columns<T>(a: MatRef<'_, T>, first: usize, count: usize) -> MatRef<'_, T> {
    MatRef { data: &a.data[first * a.col_stride..], cols: count, ..a }
}

/// Where a tree over `k > PIECE` terms begins its second half: the largest power of two pieces below k.
pub(super) fn middle(k: usize) -> usize {
    let pieces = k.div_ceil(PIECE);
    PIECE << (usize::BITS - 1 - (pieces - 1).leading_zeros())
}

/// The number of halvings from k terms to a piece.
pub(super) fn height(k: usize) -> usize {
    (usize::BITS - (k.div_ceil(PIECE) - 1).leading_zeros()) as usize
}

/// Computes a tile with a long inner dimension on this thread.
///
/// # Safety
/// As [`super::split`].
pub(super) unsafe fn multiply<T: Real>(tile: Tile<'_, T>) {
    let (m, n) = (tile.a.rows, tile.b.cols);
    let mut spare = vec![T::zero(); height(tile.a.cols) * m.min(ROWS) * n.min(COLS)];
    for i in (0..m).step_by(ROWS) {
        for j in (0..n).step_by(COLS) {
            let (rows, cols) = (ROWS.min(m - i), COLS.min(n - j));
            let a = MatRef { data: &tile.a.data[i * tile.a.row_stride..], rows, ..tile.a };
            let b = MatRef { data: &tile.b.data[j * tile.b.col_stride..], cols, ..tile.b };
            // SAFETY: i < m and j < n, so this is a block inside the tile, which the caller vouches for.
            unsafe { tree(Tile { a, b, c: tile.c.add(i * tile.c_row_stride + j), ..tile }, &mut spare) };
        }
    }
}

/// Computes a tile from the halves of its inner dimension. `spare` has room for a product of its size for each halving.
///
/// # Safety
/// As [`super::split`].
unsafe fn tree<T: Real>(tile: Tile<'_, T>, spare: &mut [T]) {
    let k = tile.a.cols;
    if k <= PIECE {
        // SAFETY: passed on from the caller.
        return unsafe { piece(tile) };
    }
    let (m, n, middle) = (tile.a.rows, tile.b.cols, middle(k));
    // SAFETY: fewer terms of the same tile.
    unsafe { tree(part(tile, 0, middle), spare) };
    let (right, spare) = spare.split_at_mut(m * n);
    let half = Tile { accumulate: false, c: right.as_mut_ptr(), c_row_stride: n, ..part(tile, middle, k - middle) };
    // SAFETY: C is now `right`, which has m × n elements at row stride n.
    unsafe { tree(half, spare) };
    for (i, right) in right.chunks_exact(n).enumerate() {
        // SAFETY: row i of the tile has n elements, which the caller vouches for, and nobody else's.
        let row = unsafe { std::slice::from_raw_parts_mut(tile.c.add(i * tile.c_row_stride), n) };
        for (c, &r) in row.iter_mut().zip(right) {
            *c += r;
        }
    }
}

/// Computes a tile from `count` terms of its inner dimension.
fn part<T>(tile: Tile<'_, T>, first: usize, count: usize) -> Tile<'_, T> {
    let b = MatRef { data: &tile.b.data[first * tile.b.row_stride..], rows: count, ..tile.b };
    Tile { a: columns(tile.a, first, count), b, ..tile }
}

/// Computes a tile of one piece, as many terms at a time as are to be added one after the other.
///
/// # Safety
/// As [`super::split`].
unsafe fn piece<T: Real>(tile: Tile<'_, T>) {
    let (k, depth) = (tile.a.cols, <T as Lane>::PRODUCT_DEPTH);
    for first in (0..k).step_by(depth) {
        let accumulate = tile.accumulate || first > 0;
        // SAFETY: fewer terms of the same tile. The first call writes C unless it is to be accumulated.
        unsafe { multiply_at_once(Tile { accumulate, ..part(tile, first, depth.min(k - first)) }) };
    }
}

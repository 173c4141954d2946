//! Matrix products.
//!
//! `matrixmultiply` does the work, one call per thread: C ← A B or C ← A B + C, that is α = 1 and β ∈ {0, 1}, because
//! with other β its bits were seen to change with the split. Threads take blocks of rows and columns of C and
//! never a part of the inner dimension, so each element is the same sum in the same order however many there are.
//!
//! A product with a vector and a very small product have loops of their own, where packing would cost more than it
//! brings. Which way a product goes is decided by its sizes and strides alone.
//!
//! An inner dimension up to 2048 is one sum: `matrixmultiply` adds 256 terms one after the other, and then the next 256 to what C holds. A longer
//! one is cut (`long`) into pieces whose products combine pairwise, so that the error grows like log k there.

mod long;
mod small;
mod vector;

use crate::element::Real;
use crate::parallel;
use vector::MatrixVector;

/// A matrix in a slice: entry (i, j) is `data[i * row_stride + j * col_stride]`. Transposing exchanges the strides; a
/// stride of 0 repeats.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    /// The entries.
    pub data: &'a [T],
    /// Number of rows.
    pub rows: usize,
    /// Number of columns.
    pub cols: usize,
    /// Distance between an entry and the one below it.
    pub row_stride: usize,
    /// Distance between an entry and the one to its right.
    pub col_stride: usize,
}

impl<'a, T> MatRef<'a, T> {
    /// A row-major matrix of `rows` × `cols` without gaps.
    pub fn row_major(data: &'a [T], rows: usize, cols: usize) -> Self {
        MatRef { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose, without moving an entry.
    pub fn transposed(self) -> Self {
        MatRef {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    /// Stops if an entry lies outside the slice.
    fn check(&self) {
        if self.rows > 0 && self.cols > 0 {
            let last = (self.rows - 1).checked_mul(self.row_stride).and_then(|down| {
                (self.cols - 1).checked_mul(self.col_stride).and_then(|across| down.checked_add(across))
            });
            assert!(
                last.is_some_and(|last| last < self.data.len()),
                "gemm: a {} x {} matrix with strides {} and {} does not fit into {} elements",
                self.rows,
                self.cols,
                self.row_stride,
                self.col_stride,
                self.data.len()
            );
        }
    }
}

/// Multiplications below which a product stays on one thread.
const PARALLEL_WORK: usize = 1 << 18;

/// C ← A B, or C ← A B + C if `accumulate`; C is row-major without gaps.
///
/// C is not read unless `accumulate`. An empty inner dimension gives zeros, or leaves C. The bits do not depend on
/// `threads`. `matrixmultiply` allocates its packing buffers at each call.
///
/// Up to an inner size k of 2048 at most 512 products are added one after the other, then their sums. Beyond, the rounding error of an element
/// grows like 112 + log₂(k / 1536) in `f32`, 262 + log₂(k / 1536) in `f64`, times that of one addition. There it allocates
/// log₂(k / 1536) blocks of C's size, or of 2¹⁷ elements for each thread.
///
/// # Panics
/// If the inner sizes differ, an operand leaves its slice, or C does not have rows × columns elements.
pub fn gemm<T: Real>(accumulate: bool, a: MatRef<'_, T>, b: MatRef<'_, T>, c: &mut [T], threads: usize) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert_eq!(k, b.rows, "gemm: inner sizes differ: lhs has {k} columns, rhs has {} rows", b.rows);
    assert_eq!(c.len(), m * n, "gemm: C does not have {m} x {n} elements");
    a.check();
    b.check();
    if c.is_empty() {
        return;
    }
    if k == 0 {
        if !accumulate {
            c.fill(T::zero());
        }
        return;
    }
    if small::is_small(m, k, n) {
        return small::multiply(accumulate, a, b, c);
    }
    if let Some(product) = MatrixVector::of(a, b) {
        return product.run(accumulate, c, threads);
    }
    let work = m * n * k;
    let threads = threads.min(work / PARALLEL_WORK).max(1);
    let tile = Tile { accumulate, a, b, c: c.as_mut_ptr(), c_row_stride: n };
    // SAFETY: `check` placed A and B inside their slices, C has m × n elements at row stride n and is borrowed mutably.
    unsafe { split(tile, threads) }
}

/// For each item of a batch: C ← op(A) op(B) (+ C if `accumulate`), op the transpose where the flag says so.
///
/// op(A) is m × k and op(B) is k × n, row-major as stored (a transposed A is stored k × m), items `a_batch_stride` and
/// `b_batch_stride` elements apart; a stride of 0 shares one matrix. C is `[batch, m, n]`.
///
/// # Panics
/// As [`gemm`].
#[expect(clippy::too_many_arguments, reason = "the sizes of a product, as in BLAS")]
pub fn gemm_batched<T: Real>(
    batch: usize,
    accumulate: bool,
    a: &[T],
    a_batch_stride: usize,
    b: &[T],
    b_batch_stride: usize,
    m: usize,
    n: usize,
    k: usize,
    transpose_a: bool,
    transpose_b: bool,
    c: &mut [T],
    threads: usize,
) {
    assert_eq!(c.len(), batch * m * n, "gemm_batched: C does not have {batch} x {m} x {n} elements");
    let one = |item: usize, c: &mut [T], threads: usize| {
        let (a, b) = (&a[item * a_batch_stride..], &b[item * b_batch_stride..]);
        let a = if transpose_a { MatRef::row_major(a, k, m).transposed() } else { MatRef::row_major(a, m, k) };
        let b = if transpose_b { MatRef::row_major(b, n, k).transposed() } else { MatRef::row_major(b, k, n) };
        gemm(accumulate, a, b, c, threads);
    };
    if c.is_empty() {
        return;
    }
    let item_work = m * n * k;
    if batch < threads || threads <= 1 {
        // Few items: threads share each product.
        for (item, c) in c.chunks_exact_mut(m * n).enumerate() {
            one(item, c, threads);
        }
    } else {
        // Scaled so that a thread gets at least PARALLEL_WORK multiplications.
        let work = (batch * item_work / PARALLEL_WORK).saturating_mul(parallel::GRAIN);
        parallel::rows(threads, work, c, m * n, |first, c| {
            for (i, c) in c.chunks_exact_mut(m * n).enumerate() {
                one(first + i, c, 1);
            }
        });
    }
}

/// A block of C with the rows of A and columns of B that make it.
#[derive(Clone, Copy)]
struct Tile<'a, T> {
    accumulate: bool,
    a: MatRef<'a, T>,
    b: MatRef<'a, T>,
    c: *mut T,
    c_row_stride: usize,
}

// SAFETY: a tile owns its block of C exclusively (`split` hands disjoint blocks to its two halves).
unsafe impl<T: Real> Send for Tile<'_, T> {}

/// Computes a tile on up to `threads` threads, halving its longer side.
///
/// # Safety
/// A and B lie inside their slices, and the block of C behind the pointer is valid and nobody else's.
unsafe fn split<T: Real>(tile: Tile<'_, T>, threads: usize) {
    let (m, n) = (tile.a.rows, tile.b.cols);
    // Blocks of whole micro-kernel tiles; halves below this would repack more than they multiply.
    const STEP: usize = 16;
    if threads <= 1 || m.max(n) < 2 * STEP {
        // SAFETY: passed on from the caller.
        return unsafe { multiply(tile) };
    }
    let left_threads = threads / 2;
    let (mut left, mut right) = (tile, tile);
    if m >= n {
        let rows = (m * left_threads / threads).next_multiple_of(STEP).min(m - 1);
        left.a.rows = rows;
        right.a.rows = m - rows;
        right.a.data = &tile.a.data[rows * tile.a.row_stride..];
        // SAFETY: rows < m, so this is inside C; the halves are disjoint sets of rows.
        right.c = unsafe { tile.c.add(rows * tile.c_row_stride) };
    } else {
        let cols = (n * left_threads / threads).next_multiple_of(STEP).min(n - 1);
        left.b.cols = cols;
        right.b.cols = n - cols;
        right.b.data = &tile.b.data[cols * tile.b.col_stride..];
        // SAFETY: cols < n, so this is inside C; the halves are disjoint sets of columns.
        right.c = unsafe { tile.c.add(cols) };
    }
    // SAFETY: both halves lie inside what the caller vouched for, and are disjoint in C.
    rayon::join(move || unsafe { split(left, left_threads) }, move || unsafe { split(right, threads - left_threads) });
}

/// Computes a tile on this thread.
///
/// # Safety
/// As [`split`].
unsafe fn multiply<T: Real>(tile: Tile<'_, T>) {
    if tile.a.cols > long::LONGEST {
        // SAFETY: passed on from the caller.
        return unsafe { long::multiply(tile) };
    }
    // SAFETY: passed on from the caller.
    unsafe { multiply_at_once(tile) };
}

/// [`multiply`] in one call.
///
/// # Safety
/// As [`split`].
unsafe fn multiply_at_once<T: Real>(tile: Tile<'_, T>) {
    let Tile { accumulate, a, b, c, c_row_stride } = tile;
    let beta = if accumulate { T::one() } else { T::zero() };
    // SAFETY: the caller vouches for the matrices; with β = 0 `matrixmultiply` does not read C.
    unsafe {
        T::gemm(
            a.rows,
            a.cols,
            b.cols,
            a.data.as_ptr(),
            (a.row_stride as isize, a.col_stride as isize),
            b.data.as_ptr(),
            (b.row_stride as isize, b.col_stride as isize),
            beta,
            c,
            (c_row_stride as isize, 1),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries<T: Real>(n: usize, seed: usize) -> Vec<T> {
        (0..n).map(|i| T::from_f64((((i + seed) * 7919) % 1021) as f64 / 1021.0 - 0.4)).collect()
    }

    fn naive<T: Real>(a: MatRef<'_, T>, b: MatRef<'_, T>) -> Vec<f64> {
        let at = |x: &MatRef<'_, T>, i: usize, j: usize| x.data[i * x.row_stride + j * x.col_stride].as_f64();
        let entry = |i: usize, j: usize| (0..a.cols).map(|k| at(&a, i, k) * at(&b, k, j)).sum();
        (0..a.rows * b.cols).map(|p| entry(p / b.cols, p % b.cols)).collect()
    }

    const SIZES: [(usize, usize, usize); 17] = [
        (1, 1, 1),
        (2, 3, 4),
        (7, 5, 3),
        (8, 8, 8),
        (13, 1, 9),
        (17, 33, 19),
        (1, 70, 40),
        (40, 70, 1),
        (1, 70, 1),
        (1, 1, 65),
        (65, 1, 1),
        (3, 200, 5),
        (70, 300, 31),
        (128, 65, 130),
        (0, 3, 4),
        (3, 0, 4),
        (3, 4, 0),
    ];

    /// A matrix of this size, row-major itself or its transpose.
    fn stored<T: Real>(x: &[T], rows: usize, cols: usize, transposed: bool) -> MatRef<'_, T> {
        if transposed { MatRef::row_major(x, cols, rows).transposed() } else { MatRef::row_major(x, rows, cols) }
    }

    fn every_size_and_transpose<T: Real>(tolerance: f64) {
        for (m, k, n) in SIZES {
            let (a, b) = (entries::<T>(m * k, 1), entries::<T>(k * n, 2));
            for transposes in 0..4 {
                let (a, b) = (stored(&a, m, k, transposes & 1 == 1), stored(&b, k, n, transposes & 2 == 2));
                let expected = naive(a, b);
                // C is not read: NaN would stay.
                let mut c = vec![T::nan(); m * n];
                gemm(false, a, b, &mut c, 1);
                for (c, e) in c.iter().zip(&expected) {
                    assert!((c.as_f64() - e).abs() <= tolerance * (k as f64 + 1.0), "{m} {k} {n}: {c:?} {e}");
                }
                let before = entries::<T>(m * n, 3);
                let mut sum = before.clone();
                gemm(true, a, b, &mut sum, 1);
                for ((s, e), b) in sum.iter().zip(&expected).zip(&before) {
                    assert!((s.as_f64() - e - b.as_f64()).abs() <= tolerance * (k as f64 + 2.0), "{m} {k} {n}");
                }
            }
        }
    }

    #[test]
    fn products_agree_with_the_definition() {
        every_size_and_transpose::<f32>(1e-6);
        every_size_and_transpose::<f64>(1e-15);
    }

    #[test]
    fn gaps_and_repeats_in_the_operands_are_fine() {
        let (a, b) = (entries::<f64>(100, 1), entries::<f64>(300, 2));
        for (m, k, n) in [(4, 5, 6), (1, 5, 6), (4, 5, 1), (4, 9, 20)] {
            let a = MatRef { data: &a, rows: m, cols: k, row_stride: 20, col_stride: 2 };
            let b = MatRef { data: &b, rows: k, cols: n, row_stride: 0, col_stride: 3 };
            let mut c = vec![f64::NAN; m * n];
            gemm(false, a, b, &mut c, 1);
            assert!(c.iter().zip(naive(a, b)).all(|(c, e)| (c - e).abs() < 1e-14));
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        for (m, k, n) in [(128, 300, 150), (33, 700, 90), (5, 600, 400), (400, 600, 5), (1, 700, 900), (900, 700, 1)] {
            let (a, b) = (entries::<f32>(m * k, 1), entries::<f32>(k * n, 2));
            for transposes in 0..4 {
                let (a, b) = (stored(&a, m, k, transposes & 1 == 1), stored(&b, k, n, transposes & 2 == 2));
                for accumulate in [false, true] {
                    let mut one = entries::<f32>(m * n, 3);
                    gemm(accumulate, a, b, &mut one, 1);
                    for threads in [2, 3, 7] {
                        let mut many = entries::<f32>(m * n, 3);
                        gemm(accumulate, a, b, &mut many, threads);
                        assert!(
                            one.iter().zip(&many).all(|(a, b)| a.to_bits() == b.to_bits()),
                            "{m} {k} {n} {threads}"
                        );
                    }
                }
            }
        }
    }

    /// A of m × k and B of k × n with all entries equal, of which the slices hold as little as the strides allow: A by columns or by rows.
    fn equal<T: Real>(m: usize, n: usize, k: usize, by_rows: bool, entry: &[T]) -> (MatRef<'_, T>, MatRef<'_, T>) {
        let (row_stride, col_stride) = if by_rows { (0, 1) } else { (1, 0) };
        let a = MatRef { data: entry, rows: m, cols: k, row_stride, col_stride };
        (a, MatRef { data: entry, rows: k, cols: n, row_stride: usize::from(n == 1), col_stride: 1 })
    }

    #[test]
    fn a_long_inner_dimension_keeps_its_digits() {
        let ones = vec![1f32; 1 << 25];
        let (root, product) = (vec![0.1f32.sqrt(); 10_000_000], f64::from(0.1f32.sqrt()).powi(2));
        // A vector on the right, by rows and by columns of A; one on the left; neither is one.
        for (m, n, by_rows) in [(5, 1, true), (5, 1, false), (1, 3, true), (2, 2, true)] {
            let (a, b) = equal(m, n, 1 << 25, by_rows, &ones);
            let mut c = vec![f32::NAN; m * n];
            gemm(false, a, b, &mut c, 1);
            assert!(c.iter().all(|&c| c == 33554432.0), "{m} {n} {by_rows}: {c:?}");
            for k in [10_000, 1_000_000, 10_000_000] {
                let (a, b) = equal(m, n, k, by_rows, &root);
                gemm(false, a, b, &mut c, 1);
                let worst = c.iter().map(|&c| (f64::from(c) / (k as f64 * product) - 1.0).abs()).fold(0.0, f64::max);
                assert!(worst <= 1e-6, "{m} {n} {k} {by_rows}: {worst:e}");
            }
        }
    }

    #[test]
    fn long_products_agree_with_the_definition_on_any_number_of_threads() {
        for (m, k, n) in
            [(3, 2049, 4), (300, 3073, 520), (1, 5000, 70), (70, 5000, 1), (257, 4608, 1), (1, 6145, 1), (2, 9000, 3)]
        {
            let (a, b) = (entries::<f32>(m * k, 1), entries::<f32>(k * n, 2));
            for transposes in 0..4 {
                if m * k * n > 1 << 24 && transposes > 0 {
                    continue;
                }
                let (a, b) = (stored(&a, m, k, transposes & 1 == 1), stored(&b, k, n, transposes & 2 == 2));
                let exact = naive(a, b);
                for accumulate in [false, true] {
                    let before = if accumulate { entries::<f32>(m * n, 3) } else { vec![f32::NAN; m * n] };
                    let mut one = before.clone();
                    gemm(accumulate, a, b, &mut one, 1);
                    for ((&c, e), b) in one.iter().zip(&exact).zip(&before) {
                        let e = e + if accumulate { f64::from(*b) } else { 0.0 };
                        assert!((f64::from(c) - e).abs() <= 3e-4, "{m} {k} {n} {transposes}: {c} {e}");
                    }
                    for threads in [2, 3, 7] {
                        let mut many = before.clone();
                        gemm(accumulate, a, b, &mut many, threads);
                        assert!(
                            one.iter().zip(&many).all(|(a, b)| a.to_bits() == b.to_bits()),
                            "{m} {k} {n} {threads}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn infinities_and_nan_come_out_of_long_products_as_of_plain_addition() {
        let (inf, nan, k) = (f32::INFINITY, f32::NAN, 5000);
        let specials: [(&[f32], f32); 4] = [(&[inf], inf), (&[-inf], -inf), (&[inf, -inf], nan), (&[nan], nan)];
        for (special, y) in specials {
            for (m, n) in [(1, 1), (1, 3), (2, 2)] {
                let (mut a, b) = (vec![1.0; m * k], vec![1.0; k * n]);
                for (p, &x) in special.iter().enumerate() {
                    a[(1535 + 2000 * p) * m..][..m].fill(x);
                }
                let mut c = vec![0.0; m * n];
                gemm(false, MatRef::row_major(&a, k, m).transposed(), MatRef::row_major(&b, k, n), &mut c, 1);
                assert!(c.iter().all(|&c| c == y || c.is_nan() && y.is_nan()), "{m} {n}: {c:?}, not {y}");
            }
        }
    }

    #[test]
    fn batches_are_products_one_by_one() {
        for (batch, m, n, k) in [(3, 4, 5, 6), (7, 64, 64, 64), (2, 1, 9, 4), (0, 2, 2, 2), (2, 3, 0, 2), (2, 2, 3, 0)]
        {
            let (a, b) = (entries::<f64>(batch * m * k, 1), entries::<f64>(batch * k * n, 2));
            for (shared, threads) in [(false, 1), (false, 3), (true, 1), (true, 2)] {
                let stride = if shared { 0 } else { k * n };
                for (ta, tb) in [(false, false), (true, false), (false, true), (true, true)] {
                    let mut c = vec![f64::NAN; batch * m * n];
                    gemm_batched(batch, false, &a, m * k, &b, stride, m, n, k, ta, tb, &mut c, threads);
                    for item in 0..batch {
                        let (a, b) = (&a[item * m * k..], &b[item * stride..]);
                        let a = if ta { MatRef::row_major(a, k, m).transposed() } else { MatRef::row_major(a, m, k) };
                        let b = if tb { MatRef::row_major(b, n, k).transposed() } else { MatRef::row_major(b, k, n) };
                        let mut one = vec![f64::NAN; m * n];
                        gemm(false, a, b, &mut one, 1);
                        assert_eq!(one, c[item * m * n..][..m * n]);
                    }
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "inner sizes differ: lhs has 3 columns, rhs has 2 rows")]
    fn inner_sizes_must_agree() {
        gemm(false, MatRef::row_major(&[0.0; 6], 2, 3), MatRef::row_major(&[0.0; 4], 2, 2), &mut [0.0; 4], 1);
    }

    #[test]
    #[should_panic(expected = "does not fit into 5 elements")]
    fn operands_must_fit_their_slices() {
        gemm(false, MatRef::row_major(&[0.0; 5], 2, 3), MatRef::row_major(&[0.0; 6], 3, 2), &mut [0.0; 4], 1);
    }
}

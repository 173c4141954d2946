//! A matrix times a vector: bound by memory, so nothing is packed and each entry of the matrix is read once.

use super::{MatRef, long};
use crate::element::Real;
use crate::isa::{Job, dispatch};
use crate::lanes::{LANES, Lanes, fold, padded};
use crate::parallel;

/// y ← M v (+ y if `accumulate`) for a matrix with stride 1 along its rows or its columns, and a contiguous v.
pub(super) struct MatrixVector<'a, T> {
    pub matrix: MatRef<'a, T>,
    pub vector: &'a [T],
}

impl<'a, T: Real> MatrixVector<'a, T> {
    /// The product of `a` and `b` in this form, if one of them is a vector and the strides allow it.
    pub fn of(a: MatRef<'a, T>, b: MatRef<'a, T>) -> Option<Self> {
        let (matrix, vector, step) = if b.cols == 1 {
            (a, b.data, b.row_stride)
        } else if a.rows == 1 {
            (b.transposed(), a.data, a.col_stride)
        } else {
            return None;
        };
        let contiguous = step == 1 || matrix.cols == 1;
        let straight = matrix.col_stride == 1 || matrix.row_stride == 1;
        (contiguous && straight).then(|| MatrixVector { matrix, vector: &vector[..matrix.cols] })
    }

    /// Computes y, on up to `threads` threads: each takes entries of y.
    pub fn run(&self, accumulate: bool, y: &mut [T], threads: usize) {
        let work = self.matrix.rows * self.matrix.cols;
        parallel::rows(threads, work, y, 1, |first, y| {
            let mut matrix = self.matrix;
            matrix.data = &matrix.data[first * matrix.row_stride..];
            matrix.rows = y.len();
            if matrix.cols <= long::LONGEST {
                return once(accumulate, matrix, self.vector, DEPTH, y);
            }
            // Contiguous rows are read to their ends, four together; contiguous columns across.
            let rows = if matrix.col_stride == 1 { 4 } else { y.len() };
            let mut spare = vec![T::zero(); long::height(matrix.cols) * rows];
            for (i, y) in y.chunks_mut(rows).enumerate() {
                let data = &matrix.data[i * rows * matrix.row_stride..];
                tree(accumulate, MatRef { data, rows: y.len(), ..matrix }, self.vector, y, &mut spare);
            }
        });
    }
}

/// y ← M v (+ y if `accumulate`), pairwise over pieces of v. `spare` has room for y for each halving.
fn tree<T: Real>(accumulate: bool, matrix: MatRef<'_, T>, vector: &[T], y: &mut [T], spare: &mut [T]) {
    let k = vector.len();
    if k <= long::PIECE {
        return once(accumulate, matrix, vector, LONG_DEPTH, y);
    }
    let middle = long::middle(k);
    let (left, right) = vector.split_at(middle);
    tree(accumulate, long::columns(matrix, 0, middle), left, y, spare);
    let (sums, spare) = spare.split_at_mut(y.len());
    tree(false, long::columns(matrix, middle, k - middle), right, sums, spare);
    for (y, &sum) in y.iter_mut().zip(&*sums) {
        *y += sum;
    }
}

/// y ← M v (+ y if `accumulate`) in one pass over M.
fn once<T: Real>(accumulate: bool, matrix: MatRef<'_, T>, vector: &[T], depth: usize, y: &mut [T]) {
    if matrix.col_stride == 1 {
        dispatch(ByRows { accumulate, matrix, vector, y });
    } else {
        dispatch(ByColumns { accumulate, matrix, vector, depth, y });
    }
}

/// Terms that [`ByColumns`] adds one after the other before they join y: keeps the rounding error of long sums down.
const DEPTH: usize = 512;
/// The same where v is long, and a piece of it has many joins.
const LONG_DEPTH: usize = 96;

/// a b + c, fused where the path has it.
#[inline(always)]
pub(super) fn fma<T: Real, const FMA: bool>(a: T, b: T, c: T) -> T {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// Each entry is the dot product of a contiguous row with v.
struct ByRows<'a, T> {
    accumulate: bool,
    matrix: MatRef<'a, T>,
    vector: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> Job for ByRows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let ByRows { accumulate, matrix, vector, y } = self;
        let row = |i: usize| &matrix.data[i * matrix.row_stride..][..vector.len()];
        let put = |y: &mut T, sum: T| *y = if accumulate { *y + sum } else { sum };
        if vector.len() < LANES {
            // Too short for lanes: one term after the other, and rows overlap in the processor.
            for (i, y) in y.iter_mut().enumerate() {
                put(y, row(i).iter().zip(vector).fold(T::zero(), |sum, (&x, &v)| fma::<T, FMA>(x, v, sum)));
            }
            return;
        }
        let (quads, rest) = y.as_chunks_mut::<4>();
        let done = quads.len() * 4;
        for (q, y) in quads.iter_mut().enumerate() {
            let sums = four_dots::<T, FMA>(row(4 * q), row(4 * q + 1), row(4 * q + 2), row(4 * q + 3), vector);
            for (y, sum) in y.iter_mut().zip(sums) {
                put(y, sum);
            }
        }
        for (i, y) in rest.iter_mut().enumerate() {
            put(y, one_dot::<T, FMA>(row(done + i), vector));
        }
    }
}

/// lanes + a b, lane by lane.
#[inline(always)]
fn step<T: Real, const FMA: bool>(a: &Lanes<T>, b: &Lanes<T>, mut lanes: Lanes<T>) -> Lanes<T> {
    for l in 0..LANES {
        lanes[l] = fma::<T, FMA>(a[l], b[l], lanes[l]);
    }
    lanes
}

/// The dot product of a row with v.
#[inline(always)]
fn one_dot<T: Real, const FMA: bool>(row: &[T], vector: &[T]) -> T {
    let ((x, x_rest), (v, v_rest)) = (row.as_chunks::<LANES>(), vector.as_chunks::<LANES>());
    let mut lanes = [T::zero(); LANES];
    for (x, v) in x.iter().zip(v) {
        lanes = step::<T, FMA>(x, v, lanes);
    }
    fold(step::<T, FMA>(&padded(x_rest), &padded(v_rest), lanes))
}

/// Four rows share each load of v and hide each other's latency; each adds in the order of [`one_dot`], so a row's sum
/// does not depend on its company. Four named accumulators: an array of them was not kept in registers.
#[inline(always)]
fn four_dots<T: Real, const FMA: bool>(a: &[T], b: &[T], c: &[T], d: &[T], vector: &[T]) -> [T; 4] {
    let (v, v_rest) = vector.as_chunks::<LANES>();
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let ((c, c_rest), (d, d_rest)) = (c.as_chunks::<LANES>(), d.as_chunks::<LANES>());
    let zero = [T::zero(); LANES];
    let (mut sum_a, mut sum_b, mut sum_c, mut sum_d) = (zero, zero, zero, zero);
    for ((((v, a), b), c), d) in v.iter().zip(a).zip(b).zip(c).zip(d) {
        sum_a = step::<T, FMA>(a, v, sum_a);
        sum_b = step::<T, FMA>(b, v, sum_b);
        sum_c = step::<T, FMA>(c, v, sum_c);
        sum_d = step::<T, FMA>(d, v, sum_d);
    }
    let v = padded(v_rest);
    [
        fold(step::<T, FMA>(&padded(a_rest), &v, sum_a)),
        fold(step::<T, FMA>(&padded(b_rest), &v, sum_b)),
        fold(step::<T, FMA>(&padded(c_rest), &v, sum_c)),
        fold(step::<T, FMA>(&padded(d_rest), &v, sum_d)),
    ]
}

/// Contiguous columns, scaled by the entries of v and added up.
struct ByColumns<'a, T> {
    accumulate: bool,
    matrix: MatRef<'a, T>,
    vector: &'a [T],
    depth: usize,
    y: &'a mut [T],
}

impl<T: Real> Job for ByColumns<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let ByColumns { accumulate, matrix, vector, depth, y } = self;
        /// Entries of y in registers.
        const WIDTH: usize = 64;
        if !accumulate {
            y.fill(T::zero());
        }
        for (b, vector) in vector.chunks(depth).enumerate() {
            let data = &matrix.data[b * depth * matrix.col_stride..];
            let (blocks, rest) = y.as_chunks_mut::<WIDTH>();
            let done = blocks.len() * WIDTH;
            for (i, y) in blocks.iter_mut().enumerate() {
                let mut sums = [T::zero(); WIDTH];
                for (j, &v) in vector.iter().enumerate() {
                    let column = &data[j * matrix.col_stride + i * WIDTH..][..WIDTH];
                    for l in 0..WIDTH {
                        sums[l] = fma::<T, FMA>(column[l], v, sums[l]);
                    }
                }
                for l in 0..WIDTH {
                    y[l] += sums[l];
                }
            }
            let mut sums = [T::zero(); WIDTH];
            let sums = &mut sums[..rest.len()];
            for (j, &v) in vector.iter().enumerate() {
                let column = &data[j * matrix.col_stride + done..];
                for (sum, &c) in sums.iter_mut().zip(column) {
                    *sum = fma::<T, FMA>(c, v, *sum);
                }
            }
            for (y, &sum) in rest.iter_mut().zip(&*sums) {
                *y += sum;
            }
        }
    }
}

//! Running sums.

use super::check;
use crate::element::Real;
use crate::isa::{Job, dispatch};
use crate::lanes::{LANES, Lanes};
use std::ops::Range;

/// Rows of a block: what is added one after the other.
const BLOCK: usize = 64;
/// Columns that go through a block together, so that what is kept of them stays in the first cache.
const COLUMNS: usize = 4096;
/// Below this many columns (but from [`LANES`] on) they go through a block in registers: rows are too short for a loop each.
const FEW: usize = 32;

/// y\[o, j, i\] ← x\[o, 0, i\] + … + x\[o, j, i\], or from the far end (j, j + 1, …, n - 1) if `reverse`.
///
/// Adds one after the other within blocks of 64; to those sums the sum of all blocks before, which combine pairwise. So the error grows like
/// 64 + 2 log₂(n / 64), in an order that n alone fixes. Allocates 1 + 2 log₂(n / 64) rows, of 4096 elements at most.
///
/// # Panics
/// If the slices do not have `outer · n · inner` elements each.
///
/// # Example
/// ```
/// let mut y = [0.0; 3];
/// quadric_kernels::reduce::cumsum(&[1.0, 2.0, 4.0], 1, 3, 1, true, &mut y);
/// assert_eq!(y, [7.0, 6.0, 4.0]);
/// ```
pub fn cumsum<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, reverse: bool, y: &mut [T]) {
    check("cumsum", x.len(), outer, n, inner, y.len(), outer * n * inner);
    if x.is_empty() {
        return;
    }
    let mut before = BlocksBefore::new(n, inner.min(COLUMNS));
    for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(n * inner)) {
        let before = &mut before;
        match inner {
            1 => dispatch(Row { x, y, reverse, before }),
            LANES..FEW => dispatch(Groups { x, y, inner, reverse, before }),
            _ => {
                for first in (0..inner).step_by(COLUMNS) {
                    let columns = first..(first + COLUMNS).min(inner);
                    dispatch(Columns { x, y, inner, columns, reverse, before });
                }
            }
        }
    }
}

/// The running sums of the whole blocks so far, column by column: the sums of the aligned powers of two that make up their number, as a binary
/// counter carries, and behind each its sum with all larger ones.
struct BlocksBefore<T> {
    width: usize,
    /// Room for the sums within a block.
    block: Vec<T>,
    waiting: Vec<T>,
    sums: Vec<T>,
    height: usize,
    count: usize,
}

impl<T: Real> BlocksBefore<T> {
    /// For columns of `n` rows, at most `width` of them at a time.
    fn new(n: usize, width: usize) -> Self {
        let blocks = (n - 1) / BLOCK;
        let len = (usize::BITS - blocks.leading_zeros()) as usize * width;
        let zeros = |len: usize| vec![T::zero(); len];
        BlocksBefore { width, block: zeros(width), waiting: zeros(len), sums: zeros(len), height: 0, count: 0 }
    }

    /// Starts anew, with `width` columns.
    #[inline(always)]
    fn clear(&mut self, width: usize) {
        (self.width, self.height, self.count) = (width, 0, 0);
    }

    /// The sum of all blocks so far, if there are any.
    #[inline(always)]
    fn sum(&self) -> Option<&[T]> {
        let top = self.height.checked_sub(1)?;
        Some(&self.sums[top * self.width..][..self.width])
    }

    /// One more block. Overwrites its sum.
    #[inline(always)]
    fn push(&mut self, block: &mut [T]) {
        let w = self.width;
        let mut carries = self.count;
        while carries & 1 == 1 {
            self.height -= 1;
            for (b, &left) in block.iter_mut().zip(&self.waiting[self.height * w..]) {
                *b = left + *b;
            }
            carries >>= 1;
        }
        let at = self.height * w;
        self.waiting[at..][..w].copy_from_slice(block);
        if at == 0 {
            self.sums[..w].copy_from_slice(block);
        } else {
            let (larger, here) = self.sums[at - w..].split_at_mut(w);
            for ((s, &l), &b) in here.iter_mut().zip(&*larger).zip(&*block) {
                *s = l + b;
            }
        }
        self.height += 1;
        self.count += 1;
    }
}

/// The running sums of one contiguous row. Blocks do not wait for each other, so their sums overlap in the processor.
struct Row<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
    reverse: bool,
    before: &'a mut BlocksBefore<T>,
}

impl<T: Real> Job for Row<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Row { x, y, reverse, before } = self;
        let n = x.len();
        before.clear(1);
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let block = if reverse { n - end..n - start } else { start..end };
            let (x, y) = (&x[block.clone()], &mut y[block]);
            // The first term starts the sum: 0 + -0 would be 0.
            let mut sum;
            if reverse {
                sum = x[x.len() - 1];
                y[x.len() - 1] = sum;
                for (y, &x) in y.iter_mut().zip(x).rev().skip(1) {
                    sum += x;
                    *y = sum;
                }
            } else {
                sum = x[0];
                y[0] = sum;
                for (y, &x) in y.iter_mut().zip(x).skip(1) {
                    sum += x;
                    *y = sum;
                }
            }
            if let Some(&[sum]) = before.sum() {
                for y in y {
                    *y = sum + *y;
                }
            }
            if end < n {
                before.push(&mut [sum]);
            }
        }
    }
}

/// The running sums of some columns of `[n, inner]`.
struct Columns<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
    inner: usize,
    columns: Range<usize>,
    reverse: bool,
    before: &'a mut BlocksBefore<T>,
}

impl<T: Real> Job for Columns<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Columns { x, y, inner, columns, reverse, before } = self;
        let (n, width) = (x.len() / inner, columns.len());
        before.clear(width);
        let mut room = std::mem::take(&mut before.block);
        let block = &mut room[..width];
        let row = |step: usize| if reverse { n - 1 - step } else { step } * inner + columns.start;
        for start in (0..n).step_by(BLOCK) {
            let end = (start + BLOCK).min(n);
            let sum = before.sum();
            let first = row(start);
            block.copy_from_slice(&x[first..][..width]);
            add(sum, block, &mut y[first..][..width]);
            let mut step = start + 1;
            // Four rows per pass, in the same order as one by one.
            while step + 4 <= end {
                let rows = std::array::from_fn(|k| row(step + k));
                add_four(x, rows, sum, block, y);
                step += 4;
            }
            while step < end {
                let row = row(step);
                for (b, &x) in block.iter_mut().zip(&x[row..][..width]) {
                    *b += x;
                }
                add(sum, block, &mut y[row..][..width]);
                step += 1;
            }
            if end < n {
                before.push(block);
            }
        }
        before.block = room;
    }
}

/// The running sums of the columns of `[n, inner]`, in groups of [`LANES`]. The last one ends with the row and may take columns again.
struct Groups<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
    inner: usize,
    reverse: bool,
    before: &'a mut BlocksBefore<T>,
}

impl<T: Real> Job for Groups<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Groups { x, y, inner, reverse, before } = self;
        let n = x.len() / inner;
        for first in (0..inner).step_by(LANES).map(|first| first.min(inner - LANES)) {
            before.clear(LANES);
            let row = |step: usize| if reverse { n - 1 - step } else { step } * inner + first;
            for start in (0..n).step_by(BLOCK) {
                let end = (start + BLOCK).min(n);
                let sum: Option<Lanes<T>> = before.sum().map(|sum| *group(sum));
                let mut block: Lanes<T> = *group(&x[row(start)..]);
                *group_mut(&mut y[row(start)..]) = sum.map_or(block, |sum| plus(&sum, &block));
                match sum {
                    None => {
                        for step in start + 1..end {
                            block = plus(&block, group(&x[row(step)..]));
                            *group_mut(&mut y[row(step)..]) = block;
                        }
                    }
                    Some(sum) => {
                        for step in start + 1..end {
                            block = plus(&block, group(&x[row(step)..]));
                            *group_mut(&mut y[row(step)..]) = plus(&sum, &block);
                        }
                    }
                }
                if end < n {
                    before.push(&mut block);
                }
            }
        }
    }
}

/// a + b, column by column.
#[inline(always)]
fn plus<T: Real>(a: &Lanes<T>, b: &Lanes<T>) -> Lanes<T> {
    std::array::from_fn(
        #[inline(always)]
        |l| a[l] + b[l],
    )
}

/// The first elements of `x`.
#[inline(always)]
fn group<T>(x: &[T]) -> &Lanes<T> {
    x.first_chunk().expect("a group of columns lies inside its row")
}

/// The first elements of `y`.
#[inline(always)]
fn group_mut<T>(y: &mut [T]) -> &mut Lanes<T> {
    y.first_chunk_mut().expect("a group of columns lies inside its row")
}

/// y ← sum + block, or block where there is no sum.
#[inline(always)]
fn add<T: Real>(sum: Option<&[T]>, block: &[T], y: &mut [T]) {
    match sum {
        None => y.copy_from_slice(block),
        Some(sum) => {
            for ((y, &s), &b) in y.iter_mut().zip(sum).zip(block) {
                *y = s + b;
            }
        }
    }
}

/// For each of four rows of x: block += x; y ← sum + block.
#[inline(always)]
fn add_four<T: Real>(x: &[T], rows: [usize; 4], sum: Option<&[T]>, block: &mut [T], y: &mut [T]) {
    let width = block.len();
    let x = rows.map(
        #[inline(always)]
        |row| &x[row..][..width],
    );
    let Ok([y0, y1, y2, y3]) = y.get_disjoint_mut(rows.map(|row| row..row + width)) else {
        unreachable!("rows are `inner` apart and no longer than that")
    };
    match sum {
        None => {
            for i in 0..width {
                let a = block[i] + x[0][i];
                let b = a + x[1][i];
                let c = b + x[2][i];
                let d = c + x[3][i];
                (y0[i], y1[i], y2[i], y3[i], block[i]) = (a, b, c, d, d);
            }
        }
        Some(sum) => {
            let sum = &sum[..width];
            for i in 0..width {
                let a = block[i] + x[0][i];
                let b = a + x[1][i];
                let c = b + x[2][i];
                let d = c + x[3][i];
                (y0[i], y1[i], y2[i], y3[i], block[i]) = (sum[i] + a, sum[i] + b, sum[i] + c, sum[i] + d, d);
            }
        }
    }
}

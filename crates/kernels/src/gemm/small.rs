//! Products so small that packing their operands would cost more than multiplying them.

use super::MatRef;
use super::vector::fma;
use crate::element::Real;
use crate::isa::{Job, dispatch};

/// Multiplications up to which these plain loops are faster: about 8³, measured.
const MOST_WORK: usize = 512;

/// Whether a product goes this way.
pub(super) fn is_small(m: usize, k: usize, n: usize) -> bool {
    m * k * n <= MOST_WORK
}

/// C ← A B (+ C if `accumulate`), terms added one after the other.
pub(super) fn multiply<T: Real>(accumulate: bool, a: MatRef<'_, T>, b: MatRef<'_, T>, c: &mut [T]) {
    dispatch(Small { accumulate, a, b, c });
}

struct Small<'a, T> {
    accumulate: bool,
    a: MatRef<'a, T>,
    b: MatRef<'a, T>,
    c: &'a mut [T],
}

impl<T: Real> Job for Small<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Small { accumulate, a, b, c } = self;
        const WIDTH: usize = 8;
        for (i, c) in c.chunks_exact_mut(b.cols).enumerate() {
            let a = &a.data[i * a.row_stride..];
            let a_step = self.a.col_stride;
            let (blocks, rest) = c.as_chunks_mut::<WIDTH>();
            let done = blocks.len() * WIDTH;
            for (block, c) in blocks.iter_mut().enumerate() {
                let mut sums = [T::zero(); WIDTH];
                for j in 0..b.rows {
                    let factor = a[j * a_step];
                    let row = &b.data[j * b.row_stride + block * WIDTH * b.col_stride..];
                    if b.col_stride == 1 {
                        let row = &row[..WIDTH];
                        for l in 0..WIDTH {
                            sums[l] = fma::<T, FMA>(factor, row[l], sums[l]);
                        }
                    } else {
                        for l in 0..WIDTH {
                            sums[l] = fma::<T, FMA>(factor, row[l * b.col_stride], sums[l]);
                        }
                    }
                }
                for l in 0..WIDTH {
                    c[l] = if accumulate { c[l] + sums[l] } else { sums[l] };
                }
            }
            for (l, c) in rest.iter_mut().enumerate() {
                let mut sum = T::zero();
                for j in 0..b.rows {
                    sum = fma::<T, FMA>(a[j * a_step], b.data[j * b.row_stride + (done + l) * b.col_stride], sum);
                }
                *c = if accumulate { *c + sum } else { sum };
            }
        }
    }
}

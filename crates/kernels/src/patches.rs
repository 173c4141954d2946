//! Patches (im2col): a convolution as a matrix product, and the transpose that adds overlapping patches back.
//!
//! Images are `[batch, channels, height, width]`; the result is `[batch, channels · kh · kw, oh · ow]`, so that a
//! kernel `[out, channels · kh · kw]` times one item of the batch is one item of the convolution. Padding is zeros.

use crate::element::Real;

/// The geometry of a 2-D convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Patches {
    /// Channels of the image.
    pub channels: usize,
    /// Rows of the image.
    pub height: usize,
    /// Columns of the image.
    pub width: usize,
    /// Rows and columns of a patch.
    pub kernel: (usize, usize),
    /// Step between patches, down and across; at least 1.
    pub stride: (usize, usize),
    /// Zeros added ((above, below), (left, right)).
    pub padding: ((usize, usize), (usize, usize)),
    /// Step within a patch, down and across; 1 is a dense patch.
    pub dilation: (usize, usize),
}

impl Patches {
    /// Rows of the grid of patches: ⌊(height + padding - dilation · (kh - 1) - 1) / stride⌋ + 1, or 0 if none fits.
    pub fn out_height(&self) -> usize {
        out_size(self.height, self.kernel.0, self.stride.0, self.padding.0, self.dilation.0)
    }

    /// Columns of the grid of patches.
    pub fn out_width(&self) -> usize {
        out_size(self.width, self.kernel.1, self.stride.1, self.padding.1, self.dilation.1)
    }

    fn image(&self) -> usize {
        self.channels * self.height * self.width
    }

    fn columns(&self) -> usize {
        self.channels * self.kernel.0 * self.kernel.1 * self.out_height() * self.out_width()
    }

    /// Calls `f` for every run of one item of the batch, in the order of the patch matrix.
    fn runs(&self, mut f: impl FnMut(Run)) {
        let (oh, ow) = (self.out_height(), self.out_width());
        let mut patch_row = 0;
        for c in 0..self.channels {
            for ki in 0..self.kernel.0 {
                for kj in 0..self.kernel.1 {
                    let shift = kj * self.dilation.1;
                    // Valid are the columns with 0 ≤ j · stride + shift - left < width.
                    let left = self.padding.1.0;
                    let begin = left.saturating_sub(shift).div_ceil(self.stride.1).min(ow);
                    let end = (self.width + left).saturating_sub(shift).div_ceil(self.stride.1).clamp(begin, ow);
                    for i in 0..oh {
                        let y = i * self.stride.0 + ki * self.dilation.0;
                        let inside = y >= self.padding.0.0 && y - self.padding.0.0 < self.height;
                        let (begin, end) = if inside { (begin, end) } else { (0, 0) };
                        let from = if begin < end {
                            let row = c * self.height + y - self.padding.0.0;
                            row * self.width + begin * self.stride.1 + shift - left
                        } else {
                            0
                        };
                        f(Run { to: (patch_row * oh + i) * ow, begin, end, from });
                    }
                    patch_row += 1;
                }
            }
        }
    }
}

/// One row of the grid for one element of the patch: columns `begin..end` come from the image at `from`, a stride apart;
/// the others are padding. `to` is where the row begins in the patch matrix.
struct Run {
    to: usize,
    begin: usize,
    end: usize,
    from: usize,
}

fn out_size(size: usize, kernel: usize, stride: usize, padding: (usize, usize), dilation: usize) -> usize {
    let reach = dilation * kernel.saturating_sub(1) + 1;
    let padded = size + padding.0 + padding.1;
    if padded < reach { 0 } else { (padded - reach) / stride + 1 }
}

/// y\[b, (c, ki, kj), (i, j)\] ← x\[b, c, i · stride + ki · dilation - top, j · stride + kj · dilation - left\], or 0 in the
/// padding.
///
/// # Panics
/// If the slices do not have `batch · channels · height · width` and `batch · channels · kh · kw · oh · ow` elements.
pub fn patches<T: Real>(p: &Patches, batch: usize, x: &[T], y: &mut [T]) {
    check(p, batch, x.len(), y.len());
    if y.is_empty() {
        return;
    }
    if x.is_empty() {
        return y.fill(T::zero());
    }
    let (ow, step) = (p.out_width(), p.stride.1);
    for (x, y) in x.chunks_exact(p.image()).zip(y.chunks_exact_mut(p.columns())) {
        p.runs(|run| {
            let y = &mut y[run.to..][..ow];
            y[..run.begin].fill(T::zero());
            y[run.end..].fill(T::zero());
            let y = &mut y[run.begin..run.end];
            if step == 1 {
                y.copy_from_slice(&x[run.from..][..y.len()]);
            } else {
                y.iter_mut().zip(x[run.from..].iter().step_by(step)).for_each(|(y, &x)| *y = x);
            }
        });
    }
}

/// x ← Σ over patches of their elements, put back where [`patches`] took them: its transpose. Padding is dropped.
///
/// Overlaps add up in the order of the rows of the patch matrix, whatever else runs.
///
/// # Panics
/// As [`patches`].
pub fn patches_transpose<T: Real>(p: &Patches, batch: usize, y: &[T], x: &mut [T]) {
    check(p, batch, x.len(), y.len());
    x.fill(T::zero());
    if y.is_empty() || x.is_empty() {
        return;
    }
    let step = p.stride.1;
    for (x, y) in x.chunks_exact_mut(p.image()).zip(y.chunks_exact(p.columns())) {
        p.runs(|run| {
            let y = &y[run.to + run.begin..run.to + run.end];
            if step == 1 {
                x[run.from..][..y.len()].iter_mut().zip(y).for_each(|(x, &y)| *x += y);
            } else {
                x[run.from..].iter_mut().step_by(step).zip(y).for_each(|(x, &y)| *x += y);
            }
        });
    }
}

fn check(p: &Patches, batch: usize, x: usize, y: usize) {
    assert!(p.stride.0 > 0 && p.stride.1 > 0, "patches: a stride is zero");
    assert_eq!(x, batch * p.image(), "patches: the image does not have batch x channels x height x width elements");
    assert_eq!(y, batch * p.columns(), "patches: the patches do not have batch x (c kh kw) x (oh ow) elements");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cases() -> Vec<(Patches, usize)> {
        let dense = |height, width, kernel, stride, padding, dilation| Patches {
            channels: 2,
            height,
            width,
            kernel,
            stride,
            padding,
            dilation,
        };
        vec![
            (dense(5, 6, (3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1)), 2),
            (dense(5, 6, (3, 2), (1, 1), ((1, 1), (1, 0)), (1, 1)), 3),
            (dense(7, 8, (3, 3), (2, 3), ((1, 2), (2, 1)), (1, 1)), 1),
            (dense(9, 9, (3, 2), (1, 2), ((2, 2), (3, 3)), (2, 3)), 2),
            (dense(4, 4, (1, 1), (1, 1), ((0, 0), (0, 0)), (1, 1)), 1),
            (dense(2, 2, (5, 5), (1, 1), ((4, 4), (9, 9)), (1, 1)), 1),
            (dense(2, 2, (5, 5), (1, 1), ((0, 0), (0, 0)), (1, 1)), 1),
            (dense(0, 3, (1, 1), (1, 1), ((1, 1), (0, 0)), (1, 1)), 2),
            (dense(3, 3, (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)), 0),
        ]
    }

    fn naive(p: &Patches, batch: usize, x: &[f64]) -> Vec<f64> {
        let mut y = Vec::new();
        for b in 0..batch {
            for row in 0..p.channels * p.kernel.0 * p.kernel.1 {
                let (c, ki, kj) = (row / (p.kernel.0 * p.kernel.1), row / p.kernel.1 % p.kernel.0, row % p.kernel.1);
                for i in 0..p.out_height() {
                    for j in 0..p.out_width() {
                        let h = (i * p.stride.0 + ki * p.dilation.0) as isize - p.padding.0.0 as isize;
                        let w = (j * p.stride.1 + kj * p.dilation.1) as isize - p.padding.1.0 as isize;
                        let inside = (0..p.height as isize).contains(&h) && (0..p.width as isize).contains(&w);
                        let at = ((b * p.channels + c) * p.height) as isize + h;
                        y.push(if inside { x[(at * p.width as isize + w) as usize] } else { 0.0 });
                    }
                }
            }
        }
        y
    }

    #[test]
    fn patches_agree_with_index_arithmetic_and_their_transpose_with_them() {
        for (p, batch) in cases() {
            let x: Vec<f64> = (0..batch * p.image()).map(|i| (i % 13) as f64 - 6.0).collect();
            let mut y = vec![f64::NAN; batch * p.columns()];
            patches(&p, batch, &x, &mut y);
            assert_eq!(y, naive(&p, batch, &x), "{p:?}");
            // Small integers: both sides of the adjoint identity are exact.
            let w: Vec<f64> = (0..y.len()).map(|i| (i % 11) as f64 - 5.0).collect();
            let mut back = vec![f64::NAN; x.len()];
            patches_transpose(&p, batch, &w, &mut back);
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            assert_eq!(dot(&w, &y), dot(&back, &x), "{p:?}");
            assert!(back.iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn the_grid_has_the_usual_size() {
        let p = Patches {
            channels: 1,
            height: 28,
            width: 32,
            kernel: (3, 5),
            stride: (2, 1),
            padding: ((1, 1), (2, 2)),
            dilation: (1, 1),
        };
        assert_eq!((p.out_height(), p.out_width()), (14, 32));
    }
}

//! Strided copies: permute, broadcast, slice, reverse, pad and concat are all this.
//!
//! A view is `element(i₀, i₁, …) = src[offset + Σ iₐ · strideₐ]` with strides of either sign; 0 broadcasts. A
//! view is first simplified: axes of size 1 go, neighbours that run on in memory merge. What remains is copied by runs
//! of its last axis, as `memcpy` or fill where the stride is 1 or 0; a transpose goes in square blocks so
//! that both sides stay in cache. Bounds are checked once, for the extreme elements.

use crate::element::Element;

/// Most axes that a view may have after simplification.
pub const MAX_RANK: usize = 32;

/// dst ← the view, in row-major order.
///
/// # Panics
/// If `dims` and `strides` differ in length, `dst` does not have the product of `dims` elements, or the view leaves
/// `src`.
pub fn strided<T: Element>(dst: &mut [T], dims: &[usize], src: &[T], offset: usize, strides: &[isize]) {
    assert_eq!(dst.len(), dims.iter().product::<usize>(), "strided: dst does not have the size of dims");
    if dst.is_empty() {
        return;
    }
    let view = View::new(dims, strides);
    view.check(offset, src.len());
    if let Some(axis) = view.transposed_axis() {
        return transpose(dst, &view, axis, src, offset);
    }
    view.copy_range(dst, 0, src, offset);
}

/// dst ← the elements `start .. start + dst.len()` of the view, counted in row-major order.
///
/// Made for loading a broadcast or permuted operand chunk by chunk: no allocation, and the cost beyond the copy is one
/// division per axis.
///
/// # Panics
/// As [`strided`]; also if the range leaves the view.
pub fn strided_range<T: Element>(
    dst: &mut [T],
    start: usize,
    dims: &[usize],
    src: &[T],
    offset: usize,
    strides: &[isize],
) {
    let size = dims.iter().product::<usize>();
    assert!(start <= size && dst.len() <= size - start, "strided_range: the range leaves the view of {size} elements");
    if dst.is_empty() {
        return;
    }
    let view = View::new(dims, strides);
    view.check(offset, src.len());
    view.copy_range(dst, start, src, offset);
}

/// dst\[offset + Σ iₐ · strideₐ\] ← src\[i₀, i₁, …\], with src contiguous over `dims`; the other elements of dst stay.
///
/// Where strides make places coincide, the element that comes last in row-major order stays.
///
/// # Panics
/// As [`strided`], with the roles of `dst` and `src` exchanged.
pub fn scatter_strided<T: Element>(dst: &mut [T], offset: usize, strides: &[isize], dims: &[usize], src: &[T]) {
    assert_eq!(src.len(), dims.iter().product::<usize>(), "scatter_strided: src does not have the size of dims");
    if src.is_empty() {
        return;
    }
    let view = View::new(dims, strides);
    view.check(offset, dst.len());
    let (run, stride) = view.last();
    let mut place = Odometer::new(&view, offset, 0);
    for src in src.chunks_exact(run) {
        let at = place.offset;
        match stride {
            1 => dst[at..at + run].copy_from_slice(src),
            _ => {
                let mut at = at as isize;
                for &value in src {
                    dst[at as usize] = value;
                    at += stride;
                }
            }
        }
        place.advance(&view);
    }
}

/// A simplified view: no axis of size 1, no two axes that could be one, at least one axis.
struct View {
    dims: [usize; MAX_RANK],
    strides: [isize; MAX_RANK],
    rank: usize,
}

impl View {
    fn new(dims: &[usize], strides: &[isize]) -> View {
        assert_eq!(dims.len(), strides.len(), "strided: dims and strides differ in length");
        let mut view = View { dims: [1; MAX_RANK], strides: [0; MAX_RANK], rank: 0 };
        for (&size, &stride) in dims.iter().zip(strides) {
            if size == 1 {
                continue;
            }
            let rank = view.rank;
            // The axis before steps exactly over this one: together they are one longer axis.
            if rank > 0 && view.strides[rank - 1] == stride * size as isize {
                view.dims[rank - 1] *= size;
                view.strides[rank - 1] = stride;
                continue;
            }
            assert!(rank < MAX_RANK, "strided: more than {MAX_RANK} axes");
            view.dims[rank] = size;
            view.strides[rank] = stride;
            view.rank += 1;
        }
        view.rank = view.rank.max(1);
        view
    }

    /// Size and stride of the last axis.
    #[inline]
    fn last(&self) -> (usize, isize) {
        (self.dims[self.rank - 1], self.strides[self.rank - 1])
    }

    /// Stops if an element of the view lies outside `0..len`.
    fn check(&self, offset: usize, len: usize) {
        let (mut low, mut high) = (offset as isize, offset as isize);
        for (&size, &stride) in self.dims.iter().zip(&self.strides).take(self.rank) {
            let reach = (size as isize - 1).checked_mul(stride).expect("strided: the view overflows");
            if reach < 0 { low += reach } else { high += reach }
        }
        assert!(low >= 0 && (high as usize) < len, "strided: the view reaches {low}..={high} of {len} elements");
    }

    /// The axis with stride 1, if it is not the last and the last has a longer stride: then this is a transpose.
    fn transposed_axis(&self) -> Option<usize> {
        let (_, stride) = self.last();
        if self.rank < 2 || stride.unsigned_abs() < 2 {
            return None;
        }
        self.strides[..self.rank - 1].iter().position(|&s| s == 1)
    }

    fn copy_range<T: Element>(&self, dst: &mut [T], start: usize, src: &[T], offset: usize) {
        let (run, stride) = self.last();
        let mut place = Odometer::new(self, offset, start / run);
        let mut rest = dst;
        let mut skip = start % run;
        loop {
            let count = (run - skip).min(rest.len());
            let (piece, others) = rest.split_at_mut(count);
            copy_run(piece, src, place.offset as isize + skip as isize * stride, stride);
            if others.is_empty() {
                return;
            }
            rest = others;
            skip = 0;
            place.advance(self);
        }
    }
}

/// dst ← src\[at\], src\[at + stride\], …
#[inline]
fn copy_run<T: Element>(dst: &mut [T], src: &[T], at: isize, stride: isize) {
    match stride {
        0 => dst.fill(src[at as usize]),
        // Short runs in a loop: a call of memcpy costs more than they do.
        1 if dst.len() < 16 => dst.iter_mut().zip(&src[at as usize..]).for_each(|(d, &s)| *d = s),
        1 => dst.copy_from_slice(&src[at as usize..][..dst.len()]),
        -1 => {
            let end = at as usize + 1;
            let run = &src[end - dst.len()..end];
            dst.iter_mut().zip(run.iter().rev()).for_each(|(d, &s)| *d = s);
        }
        _ if stride > 0 => {
            dst.iter_mut().zip(src[at as usize..].iter().step_by(stride as usize)).for_each(|(d, &s)| *d = s)
        }
        _ => {
            let mut at = at;
            for d in dst {
                *d = src[at as usize];
                at += stride;
            }
        }
    }
}

/// Where the run of a given number begins: the index over all axes but the last, and its offset.
struct Odometer {
    index: [usize; MAX_RANK],
    offset: usize,
}

impl Odometer {
    fn new(view: &View, offset: usize, run: usize) -> Odometer {
        let mut index = [0; MAX_RANK];
        let (mut at, mut rest) = (offset as isize, run);
        for axis in (0..view.rank - 1).rev() {
            index[axis] = rest % view.dims[axis];
            rest /= view.dims[axis];
            at += index[axis] as isize * view.strides[axis];
        }
        Odometer { index, offset: at as usize }
    }

    /// To the next run; after the last one, back to the first.
    #[inline]
    fn advance(&mut self, view: &View) {
        let mut at = self.offset as isize;
        for axis in (0..view.rank - 1).rev() {
            self.index[axis] += 1;
            at += view.strides[axis];
            if self.index[axis] < view.dims[axis] {
                break;
            }
            self.index[axis] = 0;
            at -= view.dims[axis] as isize * view.strides[axis];
        }
        self.offset = at as usize;
    }
}

/// A view whose axis `axis` has stride 1 in `src`, while the last axis is the contiguous one of `dst`.
fn transpose<T: Element>(dst: &mut [T], view: &View, axis: usize, src: &[T], offset: usize) {
    // 8 x 8: eight lines of either side at a time, which even a cache of eight ways holds when a power-of-two
    // stride maps them all to one set.
    const TILE: usize = 8;
    let (cols, col_stride) = view.last();
    let rows = view.dims[axis];
    let dst_row: usize = view.dims[axis + 1..view.rank].iter().product();
    // The other axes, with `axis` reduced to its first row.
    let mut outer = View { dims: view.dims, strides: view.strides, rank: view.rank };
    outer.dims[axis] = 1;
    let planes: usize = outer.dims[..view.rank - 1].iter().product();
    let mut place = Odometer::new(&outer, offset, 0);
    for _ in 0..planes {
        let mut to = 0;
        let mut size = cols;
        for a in (0..view.rank - 1).rev() {
            to += place.index[a] * size;
            size *= view.dims[a];
        }
        for row in (0..rows).step_by(TILE) {
            for col in (0..cols).step_by(TILE) {
                let from = (place.offset + row) as isize + col as isize * col_stride;
                let (height, width) = (TILE.min(rows - row), TILE.min(cols - col));
                let to = to + row * dst_row + col;
                if height == TILE && width == TILE {
                    // Through a small square: both sides are read and written by whole runs.
                    let mut tile = [[src[from as usize]; TILE]; TILE];
                    for (c, tile) in tile.iter_mut().enumerate() {
                        tile.copy_from_slice(&src[(from + c as isize * col_stride) as usize..][..TILE]);
                    }
                    for r in 0..TILE {
                        let dst = &mut dst[to + r * dst_row..][..TILE];
                        for c in 0..TILE {
                            dst[c] = tile[c][r];
                        }
                    }
                } else {
                    for r in 0..height {
                        let mut from = from + r as isize;
                        for d in &mut dst[to + r * dst_row..][..width] {
                            *d = src[from as usize];
                            from += col_stride;
                        }
                    }
                }
            }
        }
        place.advance(&outer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The index arithmetic that defines a view.
    fn naive(dims: &[usize], offset: usize, strides: &[isize]) -> Vec<usize> {
        let mut places = vec![offset as isize];
        for (&size, &stride) in dims.iter().zip(strides) {
            places = places.iter().flat_map(|&p| (0..size).map(move |i| p + i as isize * stride)).collect();
        }
        places.into_iter().map(|p| p as usize).collect()
    }

    /// (dims, source length, offset, strides)
    fn views() -> Vec<(Vec<usize>, usize, usize, Vec<isize>)> {
        vec![
            (vec![], 1, 0, vec![]),
            (vec![], 5, 3, vec![]),
            (vec![0], 0, 0, vec![1]),
            (vec![3, 0, 2], 0, 0, vec![0, 2, 1]),
            (vec![1], 1, 0, vec![1]),
            (vec![7], 7, 0, vec![1]),
            (vec![7], 7, 6, vec![-1]),
            (vec![7], 1, 0, vec![0]),
            (vec![40], 200, 10, vec![3]),
            (vec![40], 200, 199, vec![-4]),
            (vec![2, 3, 4], 24, 0, vec![12, 4, 1]),
            (vec![5, 3], 15, 0, vec![1, 5]),
            (vec![33, 50], 1650, 0, vec![1, 33]),
            (vec![33, 50], 1650, 1649, vec![-1, -33]),
            (vec![4, 6, 5], 120, 0, vec![1, 20, 4]),
            (vec![6, 4, 5], 120, 0, vec![20, 1, 4]),
            (vec![19, 2, 3, 35], 3990, 0, vec![1, 19, 38, 114]),
            (vec![2, 19, 3, 35], 3990, 0, vec![19, 1, 38, 114]),
            (vec![9, 5], 5, 0, vec![0, 1]),
            (vec![9, 5], 9, 0, vec![1, 0]),
            (vec![3, 4, 5, 6], 24, 0, vec![0, 6, 0, 1]),
            (vec![3, 4, 5], 5, 0, vec![0, 0, 1]),
            (vec![3, 4, 5], 60, 15, vec![20, -5, 1]),
            (vec![1, 4, 1, 5], 20, 0, vec![77, 5, -9, 1]),
            (vec![3, 4], 40, 7, vec![10, 2]),
            (vec![17, 17], 33, 0, vec![1, 1]),
        ]
    }

    #[test]
    fn every_view_agrees_with_index_arithmetic() {
        for (dims, len, offset, strides) in views() {
            let src: Vec<i32> = (0..len as i32).collect();
            let expected: Vec<i32> = naive(&dims, offset, &strides).into_iter().map(|p| p as i32).collect();
            let mut dst = vec![-1; expected.len()];
            strided(&mut dst, &dims, &src, offset, &strides);
            assert_eq!(dst, expected, "{dims:?} {strides:?}");
            let bytes: Vec<u8> = src.iter().map(|&v| v as u8).collect();
            let mut small = vec![0u8; expected.len()];
            strided(&mut small, &dims, &bytes, offset, &strides);
            assert!(small.iter().zip(&expected).all(|(&s, &e)| s == e as u8));
        }
    }

    #[test]
    fn every_range_of_every_view_is_that_part_of_the_whole() {
        for (dims, len, offset, strides) in views() {
            let src: Vec<i32> = (0..len as i32).collect();
            let whole: Vec<i32> = naive(&dims, offset, &strides).into_iter().map(|p| p as i32).collect();
            for start in (0..=whole.len()).step_by(1 + whole.len() / 40) {
                for count in [0, 1, 2, 5, 16, 37, whole.len()] {
                    let count = count.min(whole.len() - start);
                    let mut dst = vec![-1; count];
                    strided_range(&mut dst, start, &dims, &src, offset, &strides);
                    assert_eq!(dst, whole[start..start + count], "{dims:?} {strides:?} {start}");
                }
            }
        }
    }

    #[test]
    fn scatter_is_the_inverse_and_touches_nothing_else() {
        for (dims, len, offset, strides) in views() {
            let places = naive(&dims, offset, &strides);
            let src: Vec<f32> = (0..places.len()).map(|v| v as f32).collect();
            let mut expected = vec![-1.0; len];
            places.iter().zip(&src).for_each(|(&p, &v)| expected[p] = v);
            let mut dst = vec![-1.0f32; len];
            scatter_strided(&mut dst, offset, &strides, &dims, &src);
            assert_eq!(dst, expected, "{dims:?} {strides:?}");
        }
    }

    #[test]
    #[should_panic(expected = "the view reaches 0..=11 of 11 elements")]
    fn views_that_leave_the_source_panic() {
        strided(&mut [0; 12], &[3, 4], &[0; 11], 0, &[4, 1]);
    }

    #[test]
    #[should_panic(expected = "the view reaches -1..=2 of 4 elements")]
    fn views_that_begin_before_the_source_panic() {
        strided(&mut [0; 4], &[4], &[0; 4], 2, &[-1]);
    }
}

//! Sums.

use super::check;
use crate::element::{Int, Real};
use crate::isa::{Job, dispatch};
use crate::lanes::{LANES, Lanes, fold, padded};
use crate::parallel::{self, GRAIN};

/// Elements of a block: each lane adds this over `LANES` one after the other.
const BLOCK: usize = 256;
/// Elements of a subtree that one thread takes: a power of two times `BLOCK`.
const SUBTREE: usize = GRAIN;
/// Rows added one after the other before the tree begins, with `inner > 1`.
const LEAF_ROWS: usize = 16;

/// y\[o, i\] ← Σⱼ x\[o, j, i\], pairwise; 0 if n = 0.
///
/// The order of additions is a function of (n, inner) alone.
///
/// # Panics
/// If the slices do not have `outer · n · inner` and `outer · inner` elements.
pub fn sum<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, y: &mut [T], threads: usize) {
    check("sum", x.len(), outer, n, inner, y.len(), outer * inner);
    if y.is_empty() || n == 0 {
        return y.fill(T::zero());
    }
    if inner == 1 {
        if n > SUBTREE {
            // Rows are long: threads share each row, subtree by subtree.
            for (row, y) in x.chunks_exact(n).zip(y) {
                *y = tree_of_subtrees(row, threads, &|range| dispatch(Sum(range)));
            }
        } else {
            parallel::rows(threads, x.len(), y, 1, |first, y| {
                dispatch(Rows { x: &x[first * n..][..y.len() * n], n, y })
            });
        }
    } else if outer > 1 {
        parallel::rows(threads, x.len(), y, inner, |first, y| {
            for (i, y) in y.chunks_exact_mut(inner).enumerate() {
                columns(&x[(first + i) * n * inner..], n, inner, y);
            }
        });
    } else {
        parallel::rows(threads, x.len(), y, 1, |first, y| columns(&x[first..], n, inner, y));
    }
}

/// y\[o, i\] ← Σⱼ x\[o, j, i\] modulo 2ⁿ; 0 if n = 0.
///
/// # Panics
/// As [`sum`].
pub fn sum_int<T: Int>(x: &[T], outer: usize, n: usize, inner: usize, y: &mut [T]) {
    check("sum_int", x.len(), outer, n, inner, y.len(), outer * inner);
    y.fill(T::ZERO);
    if x.is_empty() {
        return;
    }
    for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(inner)) {
        for row in x.chunks_exact(inner) {
            for (y, &x) in y.iter_mut().zip(row) {
                *y = y.add(x);
            }
        }
    }
}

/// Σᵢ aᵢ bᵢ, products rounded, added in the order of [`sum`].
///
/// # Panics
/// If the lengths differ.
pub fn dot<T: Real>(a: &[T], b: &[T], threads: usize) -> T {
    assert_eq!(a.len(), b.len(), "dot: the operands differ in length");
    let whole = Pairs { a, b };
    if a.len() <= SUBTREE {
        return dispatch(Sum(whole));
    }
    tree_of_subtrees(whole, threads, &|range| dispatch(Sum(range)))
}

/// A sequence of terms to add: a slice, or the products of two.
trait Terms<T>: Copy + Send + Sync {
    fn len(&self) -> usize;
    fn split_at(self, mid: usize) -> (Self, Self);
    /// The sum of the terms in order, for a few of them.
    fn in_order(self) -> T;
    /// lanes + the terms l, l + 16, … of each lane l.
    fn add_to(self, lanes: Lanes<T>) -> Lanes<T>;
}

impl<T: Real> Terms<T> for &[T] {
    #[inline(always)]
    fn len(&self) -> usize {
        <[T]>::len(self)
    }
    #[inline(always)]
    fn split_at(self, mid: usize) -> (Self, Self) {
        <[T]>::split_at(self, mid)
    }
    #[inline(always)]
    fn in_order(self) -> T {
        self.iter().fold(T::zero(), |sum, &x| sum + x)
    }
    #[inline(always)]
    fn add_to(self, mut lanes: Lanes<T>) -> Lanes<T> {
        let (chunks, rest) = self.as_chunks::<LANES>();
        for x in chunks {
            for l in 0..LANES {
                lanes[l] += x[l];
            }
        }
        if !rest.is_empty() {
            let x = padded(rest);
            for l in 0..LANES {
                lanes[l] += x[l];
            }
        }
        lanes
    }
}

#[derive(Clone, Copy)]
struct Pairs<'a, T> {
    a: &'a [T],
    b: &'a [T],
}

impl<T: Real> Terms<T> for Pairs<'_, T> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.a.len()
    }
    #[inline(always)]
    fn split_at(self, mid: usize) -> (Self, Self) {
        let ((a0, a1), (b0, b1)) = (self.a.split_at(mid), self.b.split_at(mid));
        (Pairs { a: a0, b: b0 }, Pairs { a: a1, b: b1 })
    }
    #[inline(always)]
    fn in_order(self) -> T {
        self.a.iter().zip(self.b).fold(T::zero(), |sum, (&a, &b)| sum + a * b)
    }
    #[inline(always)]
    fn add_to(self, mut lanes: Lanes<T>) -> Lanes<T> {
        let ((a, a_rest), (b, b_rest)) = (self.a.as_chunks::<LANES>(), self.b.as_chunks::<LANES>());
        for (a, b) in a.iter().zip(b) {
            for l in 0..LANES {
                lanes[l] += a[l] * b[l];
            }
        }
        if !a_rest.is_empty() {
            let (a, b) = (padded(a_rest), padded(b_rest));
            for l in 0..LANES {
                lanes[l] += a[l] * b[l];
            }
        }
        lanes
    }
}

/// The sum of a long sequence: halves at the largest power of two, down to subtrees; threads take whole subtrees.
fn tree_of_subtrees<T: Real, S: Terms<T>>(terms: S, threads: usize, subtree: &(impl Fn(S) -> T + Sync)) -> T {
    let subtrees = terms.len().div_ceil(SUBTREE);
    if subtrees <= 1 {
        return subtree(terms);
    }
    let left = 1 << (usize::BITS - 1 - (subtrees - 1).leading_zeros()); // the largest power of two below `subtrees`
    let (a, b) = terms.split_at(left * SUBTREE);
    let (a, b) = if threads > 1 {
        let half = threads.div_ceil(2);
        rayon::join(|| tree_of_subtrees(a, half, subtree), || tree_of_subtrees(b, threads - half, subtree))
    } else {
        (tree_of_subtrees(a, 1, subtree), tree_of_subtrees(b, 1, subtree))
    };
    a + b
}

/// The sum of one sequence.
struct Sum<S>(S);

impl<T: Real> Job for Sum<&[T]> {
    type Output = T;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        pairwise(self.0)
    }
}

impl<T: Real> Job for Sum<Pairs<'_, T>> {
    type Output = T;
    #[inline(always)]
    fn run<const FMA: bool>(self) -> T {
        pairwise(self.0)
    }
}

/// y ← the sums of rows of `n` elements.
struct Rows<'a, T> {
    x: &'a [T],
    n: usize,
    y: &'a mut [T],
}

impl<T: Real> Job for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (row, y) in self.x.chunks_exact(self.n).zip(self.y) {
            *y = pairwise(row);
        }
    }
}

/// Blocks combined as a binary counter carries: after block i, the sums of the aligned powers of two that make up
/// i + 1 blocks wait on a stack.
#[inline(always)]
fn pairwise<T: Real, S: Terms<T>>(terms: S) -> T {
    if terms.len() <= BLOCK {
        return block(terms);
    }
    let mut waiting = [T::zero(); usize::BITS as usize];
    let (mut height, mut count, mut rest) = (0, 0usize, terms);
    while rest.len() > 0 {
        let (first, others) = rest.split_at(BLOCK.min(rest.len()));
        rest = others;
        let mut sum = block(first);
        let mut carries = count;
        while carries & 1 == 1 {
            height -= 1;
            sum = waiting[height] + sum;
            carries >>= 1;
        }
        waiting[height] = sum;
        height += 1;
        count += 1;
    }
    let mut sum = waiting[height - 1];
    for &left in waiting[..height - 1].iter().rev() {
        sum = left + sum;
    }
    sum
}

/// The sum of at most `BLOCK` terms: lane l takes the terms l, l + 16, …; then lanes fold in halves.
#[inline(always)]
fn block<T: Real, S: Terms<T>>(terms: S) -> T {
    // Too short for lanes: one after the other.
    if terms.len() <= LANES { terms.in_order() } else { fold(terms.add_to([T::zero(); LANES])) }
}

/// y ← Σⱼ of `n` rows that start `stride` apart in `x`, for the first `y.len()` columns.
fn columns<T: Real>(x: &[T], n: usize, stride: usize, y: &mut [T]) {
    // Columns go in groups that stay in the first cache; narrow ones get a smaller buffer to clear.
    const WIDE: usize = 256;
    const NARROW: usize = 32;
    if y.len() <= NARROW {
        return column_tree::<T, NARROW>(x, n, stride, y);
    }
    for (i, y) in y.chunks_mut(WIDE).enumerate() {
        column_tree::<T, WIDE>(&x[i * WIDE..], n, stride, y);
    }
}

fn column_tree<T: Real, const W: usize>(x: &[T], n: usize, stride: usize, y: &mut [T]) {
    let leaves = n.div_ceil(LEAF_ROWS);
    if leaves <= 1 {
        return dispatch(Leaf { x, n, stride, y });
    }
    let left = LEAF_ROWS << (usize::BITS - 1 - (leaves - 1).leading_zeros());
    column_tree::<T, W>(x, left, stride, y);
    let mut right = [T::zero(); W];
    let right = &mut right[..y.len()];
    column_tree::<T, W>(&x[left * stride..], n - left, stride, right);
    for (y, &r) in y.iter_mut().zip(&*right) {
        *y += r;
    }
}

/// y ← Σⱼ of a few rows, one after the other.
struct Leaf<'a, T> {
    x: &'a [T],
    n: usize,
    stride: usize,
    y: &'a mut [T],
}

impl<T: Real> Job for Leaf<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Leaf { x, n, stride, y } = self;
        let width = y.len();
        let row = |j: usize| &x[j * stride..][..width];
        y.copy_from_slice(row(0));
        let mut j = 1;
        // Four rows per pass over y, in the same order as one by one.
        while j + 4 <= n {
            let (a, b, c, d) = (row(j), row(j + 1), row(j + 2), row(j + 3));
            for i in 0..width {
                y[i] = (((y[i] + a[i]) + b[i]) + c[i]) + d[i];
            }
            j += 4;
        }
        while j < n {
            for (y, &x) in y.iter_mut().zip(row(j)) {
                *y += x;
            }
            j += 1;
        }
    }
}

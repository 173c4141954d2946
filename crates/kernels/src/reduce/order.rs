//! Sorting.

use super::check;
use crate::element::Real;
use std::cmp::Ordering;

/// y\[o, ·, i\] ← the indices that sort x\[o, ·, i\]: ascending, stable, NaN last. -0 and 0 are equal.
///
/// Allocates one index buffer, and what the standard library's stable sort needs.
///
/// # Panics
/// If the slices do not have `outer · n · inner` elements each.
pub fn argsort<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, y: &mut [i32]) {
    check("argsort", x.len(), outer, n, inner, y.len(), outer * n * inner);
    if x.is_empty() {
        return;
    }
    let mut column: Vec<(T, i32)> = Vec::with_capacity(n);
    for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(n * inner)) {
        for i in 0..inner {
            column.clear();
            column.extend((0..n).map(|j| (x[j * inner + i], j as i32)));
            column.sort_by(|a, b| nan_last(a.0, b.0));
            for (j, &(_, index)) in column.iter().enumerate() {
                y[j * inner + i] = index;
            }
        }
    }
}

fn nan_last<T: Real>(a: T, b: T) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

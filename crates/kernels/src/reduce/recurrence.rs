//! Linear recurrences of the first order.

use super::check;
use crate::element::Real;

/// z\[o, j, i\] ← a\[o, j, i\] z\[o, j - 1, i\] + b\[o, j, i\], z\[o, 0, i\] ← b\[o, 0, i\]; from the far end if `reverse`. Rounded after the
/// product and after the sum; the first row of a is not read.
///
/// One step after the other, as it is written: where a = 1 it is a running sum whose error grows like n. [`cumsum`](super::cumsum()) is better at that.
///
/// # Panics
/// If the slices do not have `outer · n · inner` elements each.
pub fn linear_recurrence<T: Real>(a: &[T], b: &[T], outer: usize, n: usize, inner: usize, reverse: bool, z: &mut [T]) {
    check("linear_recurrence", a.len(), outer, n, inner, z.len(), outer * n * inner);
    check("linear_recurrence", b.len(), outer, n, inner, z.len(), outer * n * inner);
    if z.is_empty() {
        return;
    }
    let each = a.chunks_exact(n * inner).zip(b.chunks_exact(n * inner)).zip(z.chunks_exact_mut(n * inner));
    for ((a, b), z) in each {
        z.copy_from_slice(b);
        for step in 1..n {
            let j = if reverse { n - 1 - step } else { step };
            let low = if reverse { j } else { j - 1 };
            let (first, second) = z[low * inner..][..2 * inner].split_at_mut(inner);
            let (here, before) = if reverse { (first, second) } else { (second, first) };
            for ((z, &a), &before) in here.iter_mut().zip(&a[j * inner..]).zip(&*before) {
                *z = a * before + *z;
            }
        }
    }
}

//! Scans along an axis: running sums, and linear recurrences of the first order.

use super::check;
use crate::element::Real;

/// y\[o, j, i\] ← x\[o, 0, i\] + … + x\[o, j, i\], or from the far end (j, j + 1, …, n - 1) if `reverse`.
///
/// One addition per element, one after the other along the axis: the error grows like n, as in any running sum.
///
/// # Panics
/// If the slices do not have `outer · n · inner` elements each.
pub fn cumsum<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, reverse: bool, y: &mut [T]) {
    check("cumsum", x.len(), outer, n, inner, y.len(), outer * n * inner);
    if x.is_empty() {
        return;
    }
    for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(n * inner)) {
        for step in 0..n {
            let j = if reverse { n - 1 - step } else { step };
            let row = &x[j * inner..][..inner];
            if step == 0 {
                y[j * inner..][..inner].copy_from_slice(row);
            } else if reverse {
                let (here, before) = y[j * inner..][..2 * inner].split_at_mut(inner);
                add(row, before, here);
            } else {
                let (before, here) = y[(j - 1) * inner..][..2 * inner].split_at_mut(inner);
                add(row, before, here);
            }
        }
    }
}

fn add<T: Real>(row: &[T], before: &[T], here: &mut [T]) {
    for ((y, &x), &b) in here.iter_mut().zip(row).zip(before) {
        *y = b + x;
    }
}

/// z\[o, j, i\] ← a\[o, j, i\] z\[o, j - 1, i\] + b\[o, j, i\], z\[o, 0, i\] ← b\[o, 0, i\]; from the far end if `reverse`. Rounded after the
/// product and after the sum; the first row of a is not read.
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

//! Running extremes.

use super::check;
use crate::element::Real;

/// y\[o, j, i\] ← the first place of the largest of x\[o, 0, i\] … x\[o, j, i\]. NaN counts as largest, and the first NaN wins.
///
/// # Panics
/// If the slices do not have `outer · n · inner` elements each.
pub fn cumargmax<T: Real>(x: &[T], outer: usize, n: usize, inner: usize, y: &mut [i32]) {
    check("cumargmax", x.len(), outer, n, inner, y.len(), outer * n * inner);
    if x.is_empty() {
        return;
    }
    for (x, y) in x.chunks_exact(n * inner).zip(y.chunks_exact_mut(n * inner)) {
        y[..inner].fill(0);
        for j in 1..n {
            let (before, here) = y[(j - 1) * inner..][..2 * inner].split_at_mut(inner);
            for (i, (y, &best)) in here.iter_mut().zip(&*before).enumerate() {
                let (v, top) = (x[j * inner + i], x[best as usize * inner + i]);
                *y = if (v > top) | (v.is_nan() & !top.is_nan()) { j as i32 } else { best };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_largest_so_far_counts() {
        let x = [1.0, f64::NAN, 3.0, 5.0, 3.0, f64::INFINITY, 2.0, 0.0];
        let mut y = [9; 8];
        cumargmax(&x, 1, 8, 1, &mut y);
        assert_eq!(y, [0, 1, 1, 1, 1, 1, 1, 1]);
        cumargmax(&x, 1, 4, 2, &mut y);
        assert_eq!(y, [0, 0, 1, 0, 1, 0, 1, 0]); // columns 1 3 3 2 and NaN 5 inf 0
        cumargmax::<f32>(&[], 2, 0, 3, &mut []);
    }
}

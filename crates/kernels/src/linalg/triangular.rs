//! Systems with a triangular matrix.

use crate::element::Real;

/// X with op(A) X = B, for a triangular A of n × n and B of n × m; op is the transpose if `transpose`.
///
/// `lower` says which triangle of the stored A holds it; the other one is not read. A zero on the diagonal gives
/// infinities or NaN, as the division does. The right-hand sides advance together, a row of X at a time.
///
/// # Panics
/// If the slices do not have n², n · m and n · m elements.
pub fn triangular_solve<T: Real>(a: &[T], n: usize, lower: bool, transpose: bool, b: &[T], m: usize, x: &mut [T]) {
    assert!(a.len() == n * n, "triangular_solve: the matrix does not have n x n elements");
    assert!(b.len() == n * m && x.len() == n * m, "triangular_solve: the right-hand side does not have n x m elements");
    x.copy_from_slice(b);
    if m == 0 {
        return;
    }
    // op(A) is lower triangular (solve downwards) or upper triangular (upwards).
    let down = lower != transpose;
    for step in 0..n {
        let i = if down { step } else { n - 1 - step };
        let (before, rest) = x.split_at_mut(i * m);
        let (row, after) = rest.split_at_mut(m);
        let solved = if down { 0..i } else { i + 1..n };
        for j in solved {
            let factor = if transpose { a[j * n + i] } else { a[i * n + j] };
            let other = if down { &before[j * m..][..m] } else { &after[(j - i - 1) * m..][..m] };
            for (x, &o) in row.iter_mut().zip(other) {
                *x -= factor * o;
            }
        }
        let pivot = a[i * n + i];
        for x in row {
            *x /= pivot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::positive_definite;
    use super::*;

    #[test]
    fn triangular_systems_are_solved_in_all_four_ways() {
        let (n, m) = (9, 5);
        let full = positive_definite(n);
        let x_true: Vec<f64> = (0..n * m).map(|i| (i % 11) as f64 - 5.0).collect();
        for lower in [false, true] {
            for transpose in [false, true] {
                let kept = |i: usize, j: usize| if lower { j <= i } else { j >= i };
                let entry = |i: usize, j: usize| {
                    let (i, j) = if transpose { (j, i) } else { (i, j) };
                    if kept(i, j) { full[i * n + j] } else { 0.0 }
                };
                // What must not be read is NaN.
                let stored: Vec<f64> =
                    (0..n * n).map(|p| if kept(p / n, p % n) { full[p] } else { f64::NAN }).collect();
                let b: Vec<f64> =
                    (0..n * m).map(|p| (0..n).map(|k| entry(p / m, k) * x_true[k * m + p % m]).sum()).collect();
                let mut x = vec![f64::NAN; n * m];
                triangular_solve(&stored, n, lower, transpose, &b, m, &mut x);
                for (x, t) in x.iter().zip(&x_true) {
                    assert!((x - t).abs() < 1e-10, "{lower} {transpose}: {x} {t}");
                }
            }
        }
    }
}

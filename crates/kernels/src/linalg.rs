//! Small dense factorisations: Cholesky, and triangular systems. Row-major, one thread.

use crate::element::Real;
use crate::reduce::dot;

/// L with A = L Lᵀ, for a symmetric positive definite A of n × n; only its lower triangle is read. L is lower
/// triangular, with zeros above.
///
/// Row by row: each entry is a dot product of two rows, added pairwise, so the error grows like log n
/// (Golub & Van Loan, *Matrix Computations*, §4.2).
///
/// # Errors
/// The first pivot that is not positive (or is NaN): A is not positive definite to working precision. Rows of L
/// before it are valid.
///
/// # Panics
/// If the slices do not have n² elements.
pub fn cholesky<T: Real>(a: &[T], n: usize, l: &mut [T]) -> Result<(), usize> {
    assert!(a.len() == n * n && l.len() == n * n, "cholesky: the slices do not have n x n elements");
    for i in 0..n {
        let (done, row) = l.split_at_mut(i * n);
        let row = &mut row[..n];
        for j in 0..i {
            let other = &done[j * n..][..n];
            row[j] = (a[i * n + j] - dot(&row[..j], &other[..j], 1)) / other[j];
        }
        let pivot = a[i * n + i] - dot(&row[..i], &row[..i], 1);
        // Not `pivot <= 0`, which a NaN would pass.
        if !(pivot > T::zero() && pivot < T::infinity()) {
            return Err(i);
        }
        row[i] = pivot.sqrt();
        row[i + 1..].fill(T::zero());
    }
    Ok(())
}

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
    use super::*;

    fn spd(n: usize) -> Vec<f64> {
        let g: Vec<f64> = (0..n * n).map(|i| ((i * 7919 + 13) % 101) as f64 / 101.0 - 0.5).collect();
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                a[i * n + j] = (0..n).map(|k| g[i * n + k] * g[j * n + k]).sum::<f64>() + f64::from(u8::from(i == j));
            }
        }
        a
    }

    #[test]
    fn cholesky_reproduces_the_matrix_and_reads_the_lower_triangle() {
        for n in [0, 1, 2, 7, 33] {
            let mut a = spd(n);
            let full = a.clone();
            for i in 0..n {
                a[i * n + i + 1..(i + 1) * n].fill(f64::NAN);
            }
            let mut l = vec![f64::NAN; n * n];
            cholesky(&a, n, &mut l).unwrap();
            for i in 0..n {
                for j in 0..n {
                    let product: f64 = (0..n).map(|k| l[i * n + k] * l[j * n + k]).sum();
                    assert!((product - full[i * n + j]).abs() < 1e-12 * n as f64);
                }
            }
        }
    }

    #[test]
    fn an_indefinite_matrix_names_its_pivot() {
        let mut l = [0.0; 4];
        assert_eq!(cholesky(&[1.0, 0.0, 2.0, 1.0], 2, &mut l), Err(1));
        assert_eq!(cholesky(&[f64::NAN, 0.0, 0.0, 1.0], 2, &mut l), Err(0));
    }

    #[test]
    fn triangular_systems_are_solved_in_all_four_ways() {
        let (n, m) = (9, 5);
        let full = spd(n);
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

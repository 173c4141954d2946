//! P A = L U with partial pivoting: systems of equations and determinants.

use super::finite;
use crate::element::Real;

/// L and U in one array, and what the rows were exchanged for.
struct Lu<T> {
    /// U on and above the diagonal; below it L, whose diagonal of ones is not stored.
    factors: Vec<T>,
    /// Row i of the factors is row `rows[i]` of A.
    rows: Vec<usize>,
    /// Whether the number of exchanges is odd.
    odd: bool,
}

/// The factors of A, or the first column that has no pivot other than 0 (Golub & Van Loan, *Matrix Computations*, §3.4).
///
/// Of equally large candidates the first is the pivot.
fn factor<T: Real>(a: &[T], n: usize) -> Result<Lu<T>, usize> {
    let (mut f, mut rows, mut odd) = (a.to_vec(), (0..n).collect::<Vec<_>>(), false);
    for k in 0..n {
        let mut pivot = k;
        for i in k + 1..n {
            if f[i * n + k].abs() > f[pivot * n + k].abs() {
                pivot = i;
            }
        }
        if f[pivot * n + k] == T::zero() {
            return Err(k);
        }
        if pivot != k {
            let (above, below) = f.split_at_mut(pivot * n);
            above[k * n..][..n].swap_with_slice(&mut below[..n]);
            rows.swap(k, pivot);
            odd = !odd;
        }
        let (above, below) = f.split_at_mut((k + 1) * n);
        let u = &above[k * n + k..];
        for row in below.chunks_exact_mut(n) {
            let l = row[k] / u[0];
            row[k] = l;
            for (x, &u) in row[k + 1..].iter_mut().zip(&u[1..]) {
                *x -= l * u;
            }
        }
    }
    Ok(Lu { factors: f, rows, odd })
}

/// X with op(A) X = B, for A of n × n and B of n × m; op is the transpose if `transpose`.
///
/// Backward stable for all matrices that one meets: X solves a system whose matrix is off by rounding (Higham 2002, §9.3). If A has an
/// entry that is not finite, X is NaN.
///
/// # Errors
/// The first column of A in which elimination leaves nothing but zeros: A is singular. X is not valid then.
///
/// # Panics
/// If the slices do not have n², n · m and n · m elements.
pub fn solve<T: Real>(a: &[T], n: usize, transpose: bool, b: &[T], m: usize, x: &mut [T]) -> Result<(), usize> {
    assert!(a.len() == n * n, "solve: the matrix does not have n x n elements");
    assert!(b.len() == n * m && x.len() == n * m, "solve: the right-hand side does not have n x m elements");
    if !finite(a) {
        x.fill(T::nan());
        return Ok(());
    }
    let Lu { factors: f, rows, .. } = factor(a, n)?;
    if m == 0 {
        return Ok(());
    }
    if transpose {
        // Uᵀ Lᵀ P X = B: the entries of X come in the order of the factors' rows.
        let mut y = b.to_vec();
        for i in 0..n {
            substitute(&mut y, m, i, 0..i, |j| f[j * n + i]);
            y[i * m..][..m].iter_mut().for_each(|y| *y /= f[i * n + i]);
        }
        for i in (0..n).rev() {
            substitute(&mut y, m, i, i + 1..n, |j| f[j * n + i]);
        }
        for (y, &row) in y.chunks_exact(m).zip(&rows) {
            x[row * m..][..m].copy_from_slice(y);
        }
    } else {
        // L U X = P B.
        for (x, &row) in x.chunks_exact_mut(m).zip(&rows) {
            x.copy_from_slice(&b[row * m..][..m]);
        }
        for i in 0..n {
            substitute(x, m, i, 0..i, |j| f[i * n + j]);
        }
        for i in (0..n).rev() {
            substitute(x, m, i, i + 1..n, |j| f[i * n + j]);
            x[i * m..][..m].iter_mut().for_each(|x| *x /= f[i * n + i]);
        }
    }
    Ok(())
}

/// xᵢ ← xᵢ - Σⱼ c(j) xⱼ over rows j of x that are not i.
fn substitute<T: Real>(x: &mut [T], m: usize, i: usize, known: std::ops::Range<usize>, c: impl Fn(usize) -> T) {
    for j in known {
        let factor = c(j);
        let (low, high) = x.split_at_mut(i.max(j) * m);
        let (row, other) = if i > j { (high, &low[j * m..]) } else { (&mut low[i * m..], &*high) };
        for (x, &o) in row[..m].iter_mut().zip(other) {
            *x -= factor * o;
        }
    }
}

/// det A, the product of the pivots; 1 for n = 0, NaN if an entry is not finite.
///
/// The product is taken so that it overflows or underflows only if the determinant does: while it is 1 or more, the
/// smallest pivot that is left comes next, and else the largest.
///
/// # Panics
/// If the slice does not have n² elements.
pub fn det<T: Real>(a: &[T], n: usize) -> T {
    assert!(a.len() == n * n, "det: the matrix does not have n x n elements");
    if !finite(a) {
        return T::nan();
    }
    let Ok(Lu { factors: f, odd, .. }) = factor(a, n) else { return T::zero() };
    let mut pivots: Vec<T> = (0..n).map(|i| f[i * n + i]).collect();
    pivots.sort_by(|a, b| a.abs().partial_cmp(&b.abs()).unwrap_or(std::cmp::Ordering::Equal));
    let (mut low, mut high) = (0, n);
    let mut product = if odd { -T::one() } else { T::one() };
    while low < high {
        if product.abs() >= T::one() {
            product *= pivots[low];
            low += 1;
        } else {
            high -= 1;
            product *= pivots[high];
        }
    }
    product
}

/// ln |det A|, finite wherever det A is not 0 though it may be out of range itself; -∞ for a singular matrix, 0 for n = 0,
/// NaN if an entry is not finite.
///
/// The pivots are multiplied as numbers of [√½, √2) and powers of two, and one logarithm is taken.
///
/// # Panics
/// If the slice does not have n² elements.
pub fn log_abs_det<T: Real>(a: &[T], n: usize) -> T {
    assert!(a.len() == n * n, "log_abs_det: the matrix does not have n x n elements");
    if !finite(a) {
        return T::nan();
    }
    let Ok(Lu { factors: f, .. }) = factor(a, n) else { return T::neg_infinity() };
    let (mut exponent, mut product) = (T::zero(), T::one());
    for i in 0..n {
        let (k, m) = T::split_exponent(f[i * n + i].abs());
        let (carry, m) = T::split_exponent(product * m);
        (exponent, product) = (exponent + k + carry, m);
    }
    exponent * T::LN2_HI + (exponent * T::LN2_LO + product.ln())
}

/// The sign of det A: 1, -1, or 0 for a singular matrix; NaN if an entry is not finite.
///
/// # Panics
/// If the slice does not have n² elements.
pub fn det_sign<T: Real>(a: &[T], n: usize) -> T {
    assert!(a.len() == n * n, "det_sign: the matrix does not have n x n elements");
    if !finite(a) {
        return T::nan();
    }
    let Ok(Lu { factors: f, odd, .. }) = factor(a, n) else { return T::zero() };
    let negative = (0..n).filter(|i| f[i * n + i] < T::zero()).count();
    if (negative % 2 == 1) == odd { T::one() } else { -T::one() }
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn systems_are_solved_both_ways_round() {
        for (n, m) in [(0, 3), (1, 1), (2, 0), (5, 1), (31, 4)] {
            let a = noise(n * n);
            let x_true: Vec<f64> = (0..n * m).map(|i| (i % 11) as f64 - 5.0).collect();
            for transpose in [false, true] {
                let entry = |i: usize, j: usize| if transpose { a[j * n + i] } else { a[i * n + j] };
                let b: Vec<f64> =
                    (0..n * m).map(|p| (0..n).map(|k| entry(p / m, k) * x_true[k * m + p % m]).sum()).collect();
                let mut x = vec![f64::NAN; n * m];
                solve(&a, n, transpose, &b, m, &mut x).unwrap();
                for (x, t) in x.iter().zip(&x_true) {
                    assert!((x - t).abs() < 1e-10, "{n} {transpose}: {x} {t}");
                }
            }
        }
    }

    #[test]
    fn a_singular_matrix_names_its_column() {
        let mut x = [0.0; 2];
        assert_eq!(solve(&[1.0, 2.0, 2.0, 4.0], 2, false, &[1.0, 1.0], 1, &mut x), Err(1));
        assert_eq!(solve(&[0.0, 2.0, 0.0, 4.0], 2, true, &[1.0, 1.0], 1, &mut x), Err(0));
        assert_eq!(solve(&[f64::NAN, 0.0, 0.0, 1.0], 2, false, &[1.0, 1.0], 1, &mut x), Ok(()));
        assert!(x.iter().all(|x| x.is_nan()));
    }

    #[test]
    fn determinants_keep_their_sign_and_range() {
        let a = [0.0, 2.0, 3.0, 4.0]; // -6
        assert_eq!((det(&a, 2), det_sign(&a, 2)), (-6.0, -1.0));
        assert!((log_abs_det(&a, 2) - 6f64.ln()).abs() < 1e-15);
        let diagonal = |d: &[f64]| -> Vec<f64> {
            (0..d.len() * d.len()).map(|i| if i % (d.len() + 1) == 0 { d[i / d.len()] } else { 0.0 }).collect()
        };
        // No order but a mixed one stays in range.
        for d in [[1e200, 1e200, 1e-200, 1e-200], [1e-200, 1e-200, 1e200, 1e200]] {
            assert!((det(&diagonal(&d), 4) - 1.0).abs() < 1e-15);
            assert!(log_abs_det(&diagonal(&d), 4).abs() < 1e-13);
        }
        let large = diagonal(&[1e200, -1e200, 1e200]);
        assert_eq!((det(&large, 3), det_sign(&large, 3)), (f64::NEG_INFINITY, -1.0));
        assert!((log_abs_det(&large, 3) - 600.0 * 10f64.ln()).abs() < 1e-12);
        assert_eq!((det::<f64>(&[], 0), log_abs_det::<f64>(&[], 0), det_sign::<f64>(&[], 0)), (1.0, 0.0, 1.0));
        let singular = [1.0f32, 2.0, 2.0, 4.0];
        assert_eq!((det(&singular, 2), det_sign(&singular, 2)), (0.0, 0.0));
        assert_eq!(log_abs_det(&singular, 2), f32::NEG_INFINITY);
        assert!(
            [det(&[f64::INFINITY], 1), log_abs_det(&[f64::NAN], 1), det_sign(&[f64::NAN], 1)]
                .iter()
                .all(|x| x.is_nan())
        );
    }
}

//! A = Q R by Householder reflections: orthonormal columns, a triangle with a positive diagonal, least squares.

use super::{finite, power_of_two, times_power};
use crate::element::Real;
use crate::reduce::dot;

/// The reflections and the triangle, of a matrix whose columns were divided by powers of two.
struct Qr<T> {
    /// n rows of m entries, one for each column k of A: first the k entries of R above the diagonal, then the vector of
    /// reflection k, which maps what was left of the column to a multiple of the k-th unit vector.
    columns: Vec<T>,
    /// Reflection k is 1 - β v vᵀ.
    beta: Vec<T>,
    /// R's diagonal with the signs that the reflections gave it.
    diagonal: Vec<T>,
    /// Column k was divided by two to this power.
    exponents: Vec<T>,
}

/// The factorisation (Golub & Van Loan, *Matrix Computations*, §5.2), or the first column that is, to rounding, a combination of those
/// before it: what is left of it is no longer than max(m, n) ε times itself.
///
/// Each column is divided by a power of two first, so no square leaves the range and nothing is rounded by it.
fn factor<T: Real>(a: &[T], m: usize, n: usize) -> Result<Qr<T>, usize> {
    let mut columns: Vec<T> = (0..n * m).map(|p| a[p % m * n + p / m]).collect();
    let (mut beta, mut diagonal, mut exponents, mut norms) = (vec![], vec![], vec![], vec![]);
    for column in columns.chunks_exact_mut(m.max(1)) {
        let k = power_of_two(column);
        column.iter_mut().for_each(|x| *x = times_power(*x, -k));
        exponents.push(k);
        norms.push(dot(column, column, 1).sqrt());
    }
    let unit = T::from_f64(m.max(n) as f64) * T::epsilon();
    for k in 0..n {
        let (done, later) = columns.split_at_mut((k + 1) * m);
        let v = &mut done[k * m + k..];
        let norm = dot(v, v, 1).sqrt();
        if norm <= unit * norms[k] {
            return Err(k);
        }
        // Away from the first entry, so that nothing cancels.
        let image = if v[0] < T::zero() { norm } else { -norm };
        beta.push(T::one() / (norm * (norm + v[0].abs())));
        v[0] -= image;
        diagonal.push(image);
        for column in later.chunks_exact_mut(m) {
            reflect(v, beta[k], &mut column[k..]);
        }
    }
    Ok(Qr { columns, beta, diagonal, exponents })
}

/// x ← (1 - β v vᵀ) x
fn reflect<T: Real>(v: &[T], beta: T, x: &mut [T]) {
    let factor = beta * dot(v, x, 1);
    for (x, &v) in x.iter_mut().zip(v) {
        *x -= factor * v;
    }
}

/// R of A = Q R for A of m × n, m ≥ n: upper triangular of n × n with a positive diagonal. NaN if A has an entry that is not finite.
///
/// # Errors
/// The first column of A that is, to rounding, a combination of those before it.
///
/// # Panics
/// If the slices do not have m · n and n² elements, or m < n.
pub fn qr_r<T: Real>(a: &[T], m: usize, n: usize, r: &mut [T]) -> Result<(), usize> {
    assert!(m >= n && a.len() == m * n && r.len() == n * n, "qr_r: the slices do not have m x n and n x n elements");
    if !finite(a) {
        r.fill(T::nan());
        return Ok(());
    }
    let qr = factor(a, m, n)?;
    for i in 0..n {
        let sign = qr.diagonal[i].signum();
        for j in 0..n {
            let entry = match j {
                j if j < i => T::zero(),
                j if j == i => qr.diagonal[i].abs(),
                j => sign * qr.columns[j * m + i],
            };
            r[i * n + j] = times_power(entry, qr.exponents[j]);
        }
    }
    Ok(())
}

/// Q of A = Q R for A of m × n, m ≥ n: orthonormal columns, those that go with a positive diagonal of R. NaN if A has an entry
/// that is not finite.
///
/// # Errors
/// As [`qr_r`].
///
/// # Panics
/// If the slices do not have m · n elements each, or m < n.
pub fn qr_q<T: Real>(a: &[T], m: usize, n: usize, q: &mut [T]) -> Result<(), usize> {
    assert!(m >= n && a.len() == m * n && q.len() == m * n, "qr_q: the slices do not have m x n elements");
    if !finite(a) {
        q.fill(T::nan());
        return Ok(());
    }
    let qr = factor(a, m, n)?;
    let mut y = vec![T::zero(); m];
    for j in 0..n {
        y.fill(T::zero());
        y[j] = qr.diagonal[j].signum();
        // Later reflections do not reach the unit vector.
        for k in (0..=j).rev() {
            reflect(&qr.columns[k * m + k..(k + 1) * m], qr.beta[k], &mut y[k..]);
        }
        for (i, &y) in y.iter().enumerate() {
            q[i * n + j] = y;
        }
    }
    Ok(())
}

/// X that minimises the length of each column of A X - B, for A of m × n, m ≥ n, and B of m × k. NaN if A has an entry that is not
/// finite.
///
/// Backward stable: X solves a problem whose matrix and right-hand side are off by rounding (Higham 2002, §20.2).
///
/// # Errors
/// As [`qr_r`].
///
/// # Panics
/// If the slices do not have m · n, m · k and n · k elements, or m < n.
pub fn lstsq<T: Real>(a: &[T], m: usize, n: usize, b: &[T], k: usize, x: &mut [T]) -> Result<(), usize> {
    assert!(m >= n && a.len() == m * n, "lstsq: the matrix does not have m x n elements");
    assert!(b.len() == m * k && x.len() == n * k, "lstsq: the right-hand side does not have m x k elements");
    if !finite(a) {
        x.fill(T::nan());
        return Ok(());
    }
    let qr = factor(a, m, n)?;
    for c in 0..k {
        let mut y: Vec<T> = (0..m).map(|i| b[i * k + c]).collect();
        for j in 0..n {
            reflect(&qr.columns[j * m + j..(j + 1) * m], qr.beta[j], &mut y[j..]);
        }
        for i in (0..n).rev() {
            y[i] /= qr.diagonal[i];
            let (above, solved) = y.split_at_mut(i);
            for (y, &r) in above.iter_mut().zip(&qr.columns[i * m..]) {
                *y -= r * solved[0];
            }
        }
        for i in 0..n {
            x[i * k + c] = times_power(y[i], -qr.exponents[i]);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn q_is_orthonormal_and_r_a_triangle_of_which_a_is_the_product() {
        for (m, n) in [(0, 0), (3, 0), (1, 1), (4, 4), (9, 5), (40, 17)] {
            let a = noise(m * n);
            let (mut q, mut r) = (vec![f64::NAN; m * n], vec![f64::NAN; n * n]);
            qr_q(&a, m, n, &mut q).unwrap();
            qr_r(&a, m, n, &mut r).unwrap();
            for i in 0..m {
                for j in 0..n {
                    let product: f64 = (0..n).map(|k| q[i * n + k] * r[k * n + j]).sum();
                    assert!((product - a[i * n + j]).abs() < 1e-14);
                }
            }
            for i in 0..n {
                assert!(r[i * n + i] > 0.0 && r[i * n..i * n + i].iter().all(|x| *x == 0.0));
                for j in 0..n {
                    let inner: f64 = (0..m).map(|k| q[k * n + i] * q[k * n + j]).sum();
                    assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-14);
                }
            }
        }
    }

    #[test]
    fn least_squares_leave_a_residual_across_the_columns() {
        let (m, n, k) = (20, 6, 3);
        let (a, b) = (noise(m * n), noise(m * n + m * k)[m * n..].to_vec());
        let mut x = vec![f64::NAN; n * k];
        lstsq(&a, m, n, &b, k, &mut x).unwrap();
        let residual = |i: usize, c: usize| b[i * k + c] - (0..n).map(|j| a[i * n + j] * x[j * k + c]).sum::<f64>();
        for j in 0..n {
            for c in 0..k {
                assert!((0..m).map(|i| a[i * n + j] * residual(i, c)).sum::<f64>().abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_column_that_depends_on_others_is_named() {
        let mut r = [0.0; 4];
        assert_eq!(qr_r(&[1.0, 3.0, 2.0, 6.0, 3.0, 9.0], 3, 2, &mut r), Err(1));
        assert_eq!(qr_r(&[0.0, 3.0, 0.0, 6.0, 0.0, 9.0], 3, 2, &mut r), Err(0));
        assert_eq!(qr_r(&[f64::NAN, 3.0, 0.0, 6.0, 0.0, 9.0], 3, 2, &mut r), Ok(()));
        assert!(r.iter().all(|x| x.is_nan()));
    }

    #[test]
    fn columns_of_any_size_stay_in_range() {
        let a = [3e200, 1e-200, 4e200, 0.0];
        let (mut r, mut x) = ([0.0; 4], [0.0; 2]);
        qr_r(&a, 2, 2, &mut r).unwrap();
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-15;
        assert!(close(r[0], 5e200) && close(r[1], 0.6e-200) && r[2] == 0.0 && close(r[3], 0.8e-200), "{r:?}");
        lstsq(&a, 2, 2, &[4.0, 4.0], 1, &mut x).unwrap();
        assert!(close(x[0], 1e-200) && close(x[1], 1e200), "{x:?}");
    }
}

//! Singular values and vectors by one-sided Jacobi rotations.

use super::eigh::rotate;
use super::{SWEEPS, finite, order, power_of_two, signed, times_power};
use crate::element::Real;
use crate::reduce::dot;

/// A = U Σ Vᵀ, in descending order of singular values.
struct Svd<T> {
    /// Σ.
    values: Vec<T>,
    /// Column j of U, or of U Σ before it is divided, is row j: n rows of m.
    left: Vec<T>,
    /// Column j of V is row j: n rows of n.
    right: Vec<T>,
    /// Σ of the matrix as it was divided by a power of two.
    scaled: Vec<T>,
}

/// Rotates pairs of columns of A until all are orthogonal (Hestenes 1958); their lengths are the singular values. No product AᵀA is formed,
/// so small singular values keep what digits the matrix gives them (Demmel & Veselić 1992).
fn one_sided<T: Real>(a: &[T], m: usize, n: usize) -> Svd<T> {
    let k = power_of_two(a);
    let mut left: Vec<T> = (0..n * m).map(|p| times_power(a[p % m * n + p / m], -k)).collect();
    let mut right: Vec<T> = (0..n * n).map(|p| if p / n == p % n { T::one() } else { T::zero() }).collect();
    // Below a few ε rounding of the products moves the angles as much as a rotation does.
    let negligible = T::epsilon() * T::from_f64((m as f64).sqrt());
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let (x, y) = (&left[p * m..][..m], &left[q * m..][..m]);
                let (xx, yy, xy) = (dot(x, x, 1), dot(y, y, 1), dot(x, y, 1));
                if xy.abs() <= negligible * (xx.sqrt() * yy.sqrt()) {
                    continue;
                }
                rotated = true;
                let theta = (yy - xx) / (xy + xy);
                let tan = theta.signum() / (theta.abs() + (theta * theta + T::one()).sqrt());
                let cos = T::one() / (tan * tan + T::one()).sqrt();
                let (sin, tau) = (tan * cos, tan * cos / (T::one() + cos));
                rotate(&mut left, m, p, q, sin, tau);
                rotate(&mut right, n, p, q, sin, tau);
            }
        }
        if !rotated {
            break;
        }
    }
    let lengths: Vec<T> = left.chunks_exact(m.max(1)).map(|x| dot(x, x, 1).sqrt()).collect();
    let mut svd = Svd { values: vec![], left: vec![], right: vec![], scaled: vec![] };
    for &j in order(&lengths).iter().rev() {
        let v = &right[j * n..][..n];
        let sign = signed(v);
        svd.scaled.push(lengths[j]);
        svd.values.push(times_power(lengths[j], k));
        svd.right.extend(v.iter().map(|x| sign * *x));
        svd.left.extend(left[j * m..][..m].iter().map(|x| sign * *x));
    }
    svd
}

/// σ ← the singular values of A of m × n, m ≥ n, descending. NaN if an entry is not finite. For n up to a few hundred.
///
/// # Panics
/// If the slices do not have m · n and n elements, or m < n.
pub fn svd_values<T: Real>(a: &[T], m: usize, n: usize, s: &mut [T]) {
    assert!(m >= n && a.len() == m * n && s.len() == n, "svd_values: the slices do not have m x n and n elements");
    if finite(a) { s.copy_from_slice(&one_sided(a, m, n).values) } else { s.fill(T::nan()) }
}

/// V ← the right singular vectors of A of m × n, m ≥ n, as columns of n × n in the order of [`svd_values`]. Of each, the first entry that
/// is within a tenth of the largest is positive. NaN if an entry of A is not finite.
///
/// # Panics
/// If the slices do not have m · n and n² elements, or m < n.
pub fn svd_right<T: Real>(a: &[T], m: usize, n: usize, v: &mut [T]) {
    assert!(
        m >= n && a.len() == m * n && v.len() == n * n,
        "svd_right: the slices do not have m x n and n x n elements"
    );
    if !finite(a) {
        return v.fill(T::nan());
    }
    let right = one_sided(a, m, n).right;
    for (p, v) in v.iter_mut().enumerate() {
        *v = right[p % n * n + p / n];
    }
}

/// U ← the left singular vectors of A of m × n, m ≥ n, as columns of m × n, signed so that A V = U Σ with the V of [`svd_right`]. Where a
/// singular value is 0 the vector is one of those orthogonal to all others, made from the first unit vector that will do. NaN if an
/// entry of A is not finite.
///
/// # Panics
/// If the slices do not have m · n elements each, or m < n.
pub fn svd_left<T: Real>(a: &[T], m: usize, n: usize, u: &mut [T]) {
    assert!(m >= n && a.len() == m * n && u.len() == m * n, "svd_left: the slices do not have m x n elements");
    if !finite(a) {
        return u.fill(T::nan());
    }
    let Svd { mut left, scaled, .. } = one_sided(a, m, n);
    for (j, &length) in scaled.iter().enumerate() {
        let (done, rest) = left.split_at_mut(j * m);
        let column = &mut rest[..m];
        // Below this the square of the length has lost its digits.
        if length > T::min_positive_value().sqrt() {
            column.iter_mut().for_each(|x| *x /= length);
        } else {
            complete(done, m, column);
        }
    }
    for (p, u) in u.iter_mut().enumerate() {
        *u = left[p % n * m + p / n];
    }
}

/// x ← a unit vector orthogonal to these rows of m, fewer than m.
fn complete<T: Real>(rows: &[T], m: usize, x: &mut [T]) {
    // The squared lengths of what is left of all unit vectors add up to m less the number of rows.
    let enough = T::from_f64(0.5 * (m - rows.len() / m) as f64 / m as f64);
    for i in 0..m {
        x.fill(T::zero());
        x[i] = T::one();
        let mut square = T::one();
        // Once more takes away what rounding left (Parlett's "twice is enough").
        for pass in 0..2 {
            for row in rows.chunks_exact(m) {
                let inner = dot(row, x, 1);
                x.iter_mut().zip(row).for_each(|(x, &r)| *x -= inner * r);
            }
            if pass == 0 {
                square = dot(x, x, 1);
            }
        }
        if square >= enough {
            let length = dot(x, x, 1).sqrt();
            return x.iter_mut().for_each(|x| *x /= length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    fn check(a: &[f64], m: usize, n: usize) -> Vec<f64> {
        let (mut s, mut u, mut v) = (vec![f64::NAN; n], vec![f64::NAN; m * n], vec![f64::NAN; n * n]);
        svd_values(a, m, n, &mut s);
        svd_left(a, m, n, &mut u);
        svd_right(a, m, n, &mut v);
        assert!(s.iter().rev().is_sorted() && s.iter().all(|s| *s >= 0.0), "{s:?}");
        let size = s.first().copied().unwrap_or(0.0);
        for i in 0..m {
            for j in 0..n {
                let product: f64 = (0..n).map(|k| u[i * n + k] * s[k] * v[j * n + k]).sum();
                assert!((product - a[i * n + j]).abs() <= 1e-14 * size, "{i} {j}: {product} {}", a[i * n + j]);
            }
        }
        for (x, rows) in [(&u, m), (&v, n)] {
            for i in 0..n {
                for j in 0..n {
                    let inner: f64 = (0..rows).map(|k| x[k * n + i] * x[k * n + j]).sum();
                    assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-14, "{i} {j} {inner}");
                }
            }
        }
        s
    }

    #[test]
    fn both_bases_are_orthonormal_and_the_product_is_the_matrix() {
        for (m, n) in [(0, 0), (3, 0), (1, 1), (4, 4), (9, 5), (30, 12)] {
            check(&noise(m * n), m, n);
        }
    }

    #[test]
    fn matrices_of_any_rank_have_whole_bases() {
        assert_eq!(check(&[0.0; 6], 3, 2), [0.0, 0.0]);
        let s = check(&[1.0, 2.0, 2.0, 4.0, 3.0, 6.0], 3, 2);
        assert!((s[0] - 70f64.sqrt()).abs() < 1e-14 && s[1] < 1e-15, "{s:?}");
        let (x, y) = (noise(8), noise(14)[8..].to_vec());
        let a: Vec<f64> = (0..48).map(|p| x[p / 6] * y[p % 6]).collect();
        assert!(check(&a, 8, 6)[1] < 1e-15);
        // The smallest value of a graded matrix to all its digits.
        let s = check(&[1.0, 1e-8, 0.0, 1e-16], 2, 2);
        assert!((s[1] / 1e-16 - 1.0).abs() < 1e-14, "{s:?}");
    }
}

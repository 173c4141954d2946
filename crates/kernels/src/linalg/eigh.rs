//! Eigenvalues and eigenvectors of symmetric matrices by Jacobi's rotations, and the gaps between them.

use super::{SWEEPS, finite, order, power_of_two, signed, times_power};
use crate::element::Real;

/// The eigenvalues of a symmetric matrix and, if wanted, its eigenvectors, both in no order; of length n and, a vector a row, n².
struct Eigen<T> {
    values: Vec<T>,
    vectors: Vec<T>,
}

/// Cyclic Jacobi (Golub & Van Loan, *Matrix Computations*, §8.5) on the lower triangle, each sweep some 6 n³ operations and seven or
/// eight of them; about as accurate as the numbers allow (Demmel & Veselić 1992), which is why it is here and not a tridiagonal form.
fn jacobi<T: Real>(a: &[T], n: usize, with_vectors: bool) -> Eigen<T> {
    let lower: Vec<T> = (0..n * n).map(|p| if p % n <= p / n { a[p] } else { T::zero() }).collect();
    let k = power_of_two(&lower);
    let mut s: Vec<T> =
        (0..n * n).map(|p| times_power(lower[(p / n).max(p % n) * n + (p / n).min(p % n)], -k)).collect();
    let identity = |p: usize| if p / n == p % n { T::one() } else { T::zero() };
    let mut vectors: Vec<T> = if with_vectors { (0..n * n).map(identity).collect() } else { vec![] };
    let negligible = T::epsilon() * T::from_f64(0.125);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..n {
            for q in p + 1..n {
                let (a_p, a_q, off) = (s[p * n + p], s[q * n + q], s[p * n + q]);
                if off == T::zero() || off.abs() <= negligible * (a_p.abs().sqrt() * a_q.abs().sqrt()) {
                    continue;
                }
                rotated = true;
                // The smaller of the two angles that annihilate: its tangent.
                let theta = (a_q - a_p) / (off + off);
                let tan = theta.signum() / (theta.abs() + (theta * theta + T::one()).sqrt());
                let cos = T::one() / (tan * tan + T::one()).sqrt();
                let (sin, tau) = (tan * cos, tan * cos / (T::one() + cos));
                rotate(&mut s, n, p, q, sin, tau);
                (s[p * n + p], s[q * n + q]) = (a_p - tan * off, a_q + tan * off);
                (s[p * n + q], s[q * n + p]) = (T::zero(), T::zero());
                for r in (0..n).filter(|r| *r != p && *r != q) {
                    (s[r * n + p], s[r * n + q]) = (s[p * n + r], s[q * n + r]);
                }
                if with_vectors {
                    rotate(&mut vectors, n, p, q, sin, tau);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    Eigen { values: (0..n).map(|i| times_power(s[i * n + i], k)).collect(), vectors }
}

/// (x_p, x_q) ← (cos x_p - sin x_q, sin x_p + cos x_q) for rows p < q of n entries; τ = sin / (1 + cos), which rounds less (Rutishauser 1966).
pub(super) fn rotate<T: Real>(x: &mut [T], n: usize, p: usize, q: usize, sin: T, tau: T) {
    let (low, high) = x.split_at_mut(q * n);
    for (x, y) in low[p * n..][..n].iter_mut().zip(&mut high[..n]) {
        let (a, b) = (*x, *y);
        *x = a - sin * (b + tau * a);
        *y = b + sin * (a - tau * b);
    }
}

/// w ← the eigenvalues, ascending, of the symmetric matrix whose lower triangle is that of A, n × n; the upper one is not read. NaN
/// if an entry of the triangle is not finite. For n up to a few hundred.
///
/// # Panics
/// If the slices do not have n² and n elements.
pub fn eigh_values<T: Real>(a: &[T], n: usize, w: &mut [T]) {
    assert!(a.len() == n * n && w.len() == n, "eigh_values: the slices do not have n x n and n elements");
    if !lower_is_finite(a, n) {
        return w.fill(T::nan());
    }
    let values = jacobi(a, n, false).values;
    for (w, i) in w.iter_mut().zip(order(&values)) {
        *w = values[i];
    }
}

/// V ← eigenvectors `first .. first + count`, in the order of [`eigh_values`], as columns of n × count. Of each, the first entry that is
/// within a tenth of the largest is positive. NaN if an entry of the lower triangle is not finite.
///
/// # Panics
/// If the slices do not have n² and n · count elements, or there are not so many eigenvectors.
pub fn eigh_vectors<T: Real>(a: &[T], n: usize, first: usize, count: usize, v: &mut [T]) {
    assert!(first + count <= n, "eigh_vectors: there are not so many");
    assert!(
        a.len() == n * n && v.len() == n * count,
        "eigh_vectors: the slices do not have n x n and n x count elements"
    );
    if !lower_is_finite(a, n) {
        return v.fill(T::nan());
    }
    let Eigen { values, vectors } = jacobi(a, n, true);
    for (c, &i) in order(&values)[first..first + count].iter().enumerate() {
        let vector = &vectors[i * n..][..n];
        let sign = signed(vector);
        for (r, &x) in vector.iter().enumerate() {
            v[r * count + c] = sign * x;
        }
    }
}

fn lower_is_finite<T: Real>(a: &[T], n: usize) -> bool {
    (0..n).all(|i| finite(&a[i * n..][..i + 1]))
}

/// Gᵢⱼ ← 1 / (w_{first + j} - wᵢ), and 0 where the two are one entry, for w of n: n × count.
///
/// # Errors
/// The first two entries (j's, then i) that are no farther apart than n ε max |w|.
///
/// # Panics
/// If G does not have n · count elements, or w has not so many entries.
pub fn inverse_gaps<T: Real>(w: &[T], first: usize, count: usize, g: &mut [T]) -> Result<(), (usize, usize)> {
    let n = w.len();
    assert!(
        first + count <= n && g.len() == n * count,
        "inverse_gaps: the slices do not have n and n x count elements"
    );
    let largest = w.iter().fold(T::zero(), |m, x| if x.abs() > m { x.abs() } else { m });
    let rounding = T::from_f64(n as f64) * T::epsilon() * largest;
    for i in 0..n {
        for j in 0..count {
            let gap = w[first + j] - w[i];
            if i != first + j && gap.abs() <= rounding {
                return Err((first + j, i));
            }
            g[i * count + j] = if i == first + j { T::zero() } else { T::one() / gap };
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::noise;
    use super::*;

    #[test]
    fn eigenvectors_are_orthonormal_and_diagonalise() {
        for n in [0, 1, 2, 5, 30] {
            let mut a = noise(n * n);
            // What must not be read is NaN.
            (0..n).for_each(|i| a[i * n + i + 1..(i + 1) * n].fill(f64::NAN));
            let (mut w, mut v) = (vec![f64::NAN; n], vec![f64::NAN; n * n]);
            eigh_values(&a, n, &mut w);
            eigh_vectors(&a, n, 0, n, &mut v);
            assert!(w.is_sorted());
            let full = |i: usize, j: usize| a[i.max(j) * n + i.min(j)];
            for i in 0..n {
                for j in 0..n {
                    let applied: f64 = (0..n).map(|k| full(i, k) * v[k * n + j]).sum();
                    assert!((applied - w[j] * v[i * n + j]).abs() < 1e-14 * n as f64);
                    let inner: f64 = (0..n).map(|k| v[k * n + i] * v[k * n + j]).sum();
                    assert!((inner - f64::from(u8::from(i == j))).abs() < 1e-14);
                }
            }
            if n == 5 {
                let mut some = vec![f64::NAN; 10];
                eigh_vectors(&a, n, 2, 2, &mut some);
                assert!((0..10).all(|p| some[p] == v[p / 2 * n + 2 + p % 2]));
            }
        }
    }

    /// Tiny eigenvalues of a graded positive definite matrix keep their digits, and sizes at the ends of the range do no harm.
    #[test]
    fn small_eigenvalues_keep_their_digits() {
        let mut w = [0.0f64; 2];
        eigh_values(&[1e20, 0.0, 1e5, 2.0], 2, &mut w); // λ₀ ≈ 2 - 1e10 / 1e20
        assert!((w[0] / (2.0 - 1e-10) - 1.0).abs() < 1e-14, "{w:?}");
        for scale in [1e300, 1e-300, 5e-324] {
            eigh_values(&[2.0 * scale, 0.0, scale, 2.0 * scale], 2, &mut w);
            assert!((w[0] / scale - 1.0).abs() < 1e-14 && (w[1] / scale - 3.0).abs() < 1e-14, "{w:?}");
        }
        let mut v = [0.0f32; 4];
        eigh_vectors(&[2.0f32, 0.0, -1.0, 2.0], 2, 0, 2, &mut v);
        let half = 0.5f32.sqrt();
        assert!([half, half, half, -half].iter().zip(v).all(|(a, b)| (a - b).abs() < 1e-6), "{v:?}");
    }

    #[test]
    fn gaps_that_are_rounding_are_named() {
        let mut g = [0.0; 6];
        assert_eq!(inverse_gaps(&[1.0, 2.0, 4.0], 1, 2, &mut g), Ok(()));
        assert_eq!(g, [1.0, 1.0 / 3.0, 0.0, 0.5, -0.5, 0.0]);
        assert_eq!(inverse_gaps(&[1.0, 4.0, 4.0 + 1e-15], 0, 2, &mut g), Err((1, 2)));
        assert_eq!(inverse_gaps(&[1.0, f64::NAN, 4.0], 1, 1, &mut g[..3]), Ok(()));
        assert!(g[0].is_nan() && g[1] == 0.0 && g[2].is_nan());
    }
}

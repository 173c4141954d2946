//! Small dense linear algebra, a method a file. Row-major, one thread; the order of operations is a function of the sizes and values.
//!
//! Meant for matrices of up to a few hundred rows: nothing is blocked for a cache.

mod cholesky;
mod eigh;
mod lu;
mod qr;
mod svd;
mod triangular;

pub use cholesky::cholesky;
pub use eigh::{eigh_values, eigh_vectors, inverse_gaps};
pub use lu::{det, det_sign, log_abs_det, solve};
pub use qr::{lstsq, qr_q, qr_r};
pub use svd::{svd_left, svd_right, svd_values};
pub use triangular::triangular_solve;

use crate::element::Real;

/// Whether every entry is a number and finite.
fn finite<T: Real>(a: &[T]) -> bool {
    a.iter().all(|x| x.is_finite())
}

/// Sweeps of rotations after which one stops whatever is left; convergence is quadratic, and ten are many.
const SWEEPS: usize = 60;

/// k with 2ᵏ about the largest magnitude among finite entries; 0 for zeros.
fn power_of_two<T: Real>(a: &[T]) -> T {
    let largest = a.iter().fold(T::zero(), |m, x| m.max(x.abs()));
    if largest == T::zero() { T::zero() } else { T::split_exponent(largest).0 }
}

/// x 2ᵏ, in two steps because 2ᵏ itself may be out of range.
fn times_power<T: Real>(x: T, k: T) -> T {
    let half = (k * T::HALF).floor();
    x * T::pow2(half) * T::pow2(k - half)
}

/// The places of the entries in ascending order, equal ones as they come.
fn order<T: Real>(x: &[T]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..x.len()).collect();
    places.sort_by(|i, j| x[*i].partial_cmp(&x[*j]).unwrap_or(std::cmp::Ordering::Equal));
    places
}

/// The sign by which a vector is turned so that its first entry within a tenth of the largest is positive. Not the largest itself: of two
/// that are equal but for rounding, rounding would choose.
fn signed<T: Real>(x: &[T]) -> T {
    let bar = x.iter().fold(T::zero(), |m, x| m.max(x.abs())) * T::from_f64(0.9);
    let leading = x.iter().copied().find(|x| x.abs() >= bar).unwrap_or(T::one());
    if leading < T::zero() { -T::one() } else { T::one() }
}

#[cfg(test)]
mod tests {
    /// Entries in [-½, ½) that look random, the same for ever.
    pub(super) fn noise(n: usize) -> Vec<f64> {
        let mut state = 13u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 11) as f64 / (1u64 << 53) as f64 - 0.5
        };
        (0..n).map(|_| next()).collect()
    }

    /// G Gᵀ + 1.
    pub(super) fn positive_definite(n: usize) -> Vec<f64> {
        let g = noise(n * n);
        let mut a = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..n {
                a[i * n + j] = (0..n).map(|k| g[i * n + k] * g[j * n + k]).sum::<f64>() + f64::from(u8::from(i == j));
            }
        }
        a
    }
}

//! Small dense linear algebra, a method a file. Row-major, one thread; the order of operations is a function of the sizes and values.
//!
//! Meant for matrices of up to a few hundred rows: nothing is blocked for a cache.

mod cholesky;
mod lu;
mod triangular;

pub use cholesky::cholesky;
pub use lu::{det, det_sign, log_abs_det, solve};
pub use triangular::triangular_solve;

use crate::element::Real;

/// Whether every entry is a number and finite.
fn finite<T: Real>(a: &[T]) -> bool {
    a.iter().all(|x| x.is_finite())
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

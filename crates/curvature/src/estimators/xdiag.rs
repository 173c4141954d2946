//! The diagonal, every probe in both roles.

use super::xtrace::without_column;
use super::{DiagonalEstimate, check_symmetric, products};
use crate::error::Error;
use crate::vector::{axpy, dot, orthonormal};
use crate::{LinearOperator, Probe};

/// XDiag (Epperly, Tropp, Webber 2024): the diagonal of the low-rank part exactly, that of the rest by the probe that was
/// left out; `budget` is rounded down to 2k products. Exact when the rank is below k.
///
/// With `Y = A Ω = Q R`, the samples are `diag(Q_i Q_iᵀ A) + ω_i ∘ (I − Q_i Q_iᵀ) A ω_i` with Rademacher ω. They are
/// exchangeable, not independent; the standard errors are their spread over √k.
///
/// # Errors
/// As [`xtrace`](super::xtrace).
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::xdiag, operators::Dense};
/// let mut a = Dense::symmetric(3, vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0])?; // rank one
/// let d = xdiag(&mut a, 4, 1)?;
/// assert!(d.values.iter().zip([1.0, 4.0, 9.0]).all(|(a, b)| (a - b).abs() < 1e-12));
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn xdiag(
    operator: &mut (impl LinearOperator + ?Sized),
    budget: usize,
    seed: u64,
) -> Result<DiagonalEstimate, Error> {
    check_symmetric(operator, "xdiag", budget, 4)?;
    let n = operator.dim();
    let k = (budget / 2).min(n.max(1));
    let omega = Probe::Rademacher.draw(n, k, seed);
    let (q, r) = orthonormal(&products(operator, "xdiag", &omega)?);
    let z = products(operator, "xdiag", &q)?;
    let spent = k + q.len();
    let whole: Vec<f64> = (0..n).map(|p| q.iter().zip(&z).map(|(q, z)| q[p] * z[p]).sum()).collect();
    if (q.len() < k && r.len() == k) || k == n && q.len() == n {
        // A deficient range (or all of space) is caught whole.
        return Ok(DiagonalEstimate { values: whole, standard_errors: vec![0.0; n], products: spent });
    }
    let combine = |columns: &[Vec<f64>], s: &[f64]| {
        let mut sum = vec![0.0; n];
        columns.iter().zip(s).for_each(|(c, s)| axpy(*s, c, &mut sum));
        sum
    };
    let samples: Vec<Vec<f64>> = (0..k)
        .map(|i| {
            let s = without_column(&r, i);
            let (qs, zs) = (combine(&q, &s), combine(&z, &s));
            // (I − Q_i Q_iᵀ) A ω_i = Q s (sᵀ R e_i), for A ω_i lies in the range of Q.
            let rest = dot(&s[..=i], &r[i]);
            (0..n).map(|p| whole[p] - qs[p] * zs[p] + omega[i][p] * qs[p] * rest).collect()
        })
        .collect();
    Ok(DiagonalEstimate::of_samples(&samples, spent))
}

//! The trace, every probe in both roles.

use super::{Estimate, check_symmetric, products};
use crate::error::Error;
use crate::vector::{dot, norm, orthonormal};
use crate::{LinearOperator, Probe};

/// XTrace (Epperly, Tropp, Webber 2024): each of k probes is used for the low-rank part by the others and for the rest by
/// itself; `budget` is rounded down to 2k products. Exact when the rank is below k.
///
/// For a symmetric operator of any sign. With `Y = A Ω = Q R` and `Q_i` the basis without column i, the samples are
/// `tr(Q_iᵀ A Q_i) + ω̃_iᵀ A ω̃_i`, `ω̃_i` the part of `ω_i` outside `Q_i`, scaled to the length that a random vector in
/// that complement has on average. They are exchangeable, not independent: the standard error is their spread over √k, as
/// the paper proposes.
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for fewer than 4 products or an operator that is not symmetric;
/// as [`trace`](super::trace).
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::xtrace, operators::Dense};
/// let mut a = Dense::symmetric(3, vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0])?; // rank one
/// assert!((xtrace(&mut a, 4, 1)?.value - 14.0).abs() < 1e-12);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn xtrace(operator: &mut (impl LinearOperator + ?Sized), budget: usize, seed: u64) -> Result<Estimate, Error> {
    check_symmetric(operator, "xtrace", budget, 4)?;
    let n = operator.dim();
    let k = (budget / 2).min(n.max(1));
    let omega = Probe::Gaussian.draw(n, k, seed);
    let y = products(operator, "xtrace", &omega)?;
    let (q, r) = orthonormal(&y);
    let z = products(operator, "xtrace", &q)?;
    let spent = k + q.len();
    let h: Vec<Vec<f64>> = z.iter().map(|z| q.iter().map(|q| dot(q, z)).collect()).collect();
    let whole: f64 = (0..q.len()).map(|i| h[i][i]).sum();
    // A deficient or a full range is caught whole.
    if q.len() < k || k == n {
        return Ok(Estimate { value: whole, standard_error: 0.0, products: spent });
    }
    let samples: Vec<f64> = (0..k)
        .map(|i| {
            let s = without_column(&r, i);
            // H s, sᵀ H s; what is left of ω_i outside Q_i is ω − Q w with w = (I − s sᵀ) Qᵀ ω.
            let hs: Vec<f64> = (0..k).map(|a| (0..k).map(|b| h[b][a] * s[b]).sum()).collect();
            let inside = whole - dot(&s, &hs);
            let mut w: Vec<f64> = q.iter().map(|q| dot(q, &omega[i])).collect();
            let along = dot(&s, &w);
            w.iter_mut().zip(&s).for_each(|(w, s)| *w -= along * s);
            let mut outside = omega[i].clone();
            q.iter().zip(&w).for_each(|(q, w)| crate::vector::axpy(-w, q, &mut outside));
            let mut a_outside = y[i].clone();
            z.iter().zip(&w).for_each(|(z, w)| crate::vector::axpy(-w, z, &mut a_outside));
            let length = norm(&outside);
            let scale = (n - k + 1) as f64 / (length * length);
            inside + scale * dot(&outside, &a_outside)
        })
        .collect();
    Ok(Estimate::mean(&samples, spent))
}

/// The unit vector s, in the coordinates of Q, that is orthogonal to every column of the triangle but the i-th:
/// `R^{-T} e_i`, normalised. The basis without column i projects with `Q (I − s sᵀ) Qᵀ`.
pub(super) fn without_column(r: &[Vec<f64>], i: usize) -> Vec<f64> {
    let k = r.len();
    // Rᵀ s = e_i, forward: column j of R has the entries r[j][..=j].
    let mut s = vec![0.0; k];
    for j in i..k {
        let wanted = if j == i { 1.0 } else { 0.0 };
        let sum: f64 = (i..j).map(|a| r[j][a] * s[a]).sum();
        s[j] = (wanted - sum) / r[j][j];
    }
    crate::vector::normalized(&s)
}

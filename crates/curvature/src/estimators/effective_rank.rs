//! How many eigenvalues there are, in effect.

use super::{Estimate, check_symmetric, products};
use crate::error::Error;
use crate::vector::dot;
use crate::{LinearOperator, Probe};

/// The participation ratio `(tr A)² / ‖A‖_F² = (Σ λ)² / Σ λ²`: n for a multiple of the identity, 1 for rank one.
///
/// Meant for positive semidefinite operators; where eigenvalues of both signs cancel it says little. Both traces come
/// from the same probes; bias and standard error of the ratio by the jackknife (Quenouille 1956, Tukey 1958).
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for fewer than 2 probes or an operator that is not symmetric; as
/// [`trace`](super::trace).
///
/// # Example
/// ```
/// use quadric_curvature::{Probe, estimators::effective_rank, operators::Dense};
/// let mut identity = Dense::symmetric(3, vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0])?;
/// assert!((effective_rank(&mut identity, Probe::Rademacher, 4, 1)?.value - 3.0).abs() < 1e-12);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn effective_rank(
    operator: &mut (impl LinearOperator + ?Sized),
    probe: Probe,
    probes: usize,
    seed: u64,
) -> Result<Estimate, Error> {
    check_symmetric(operator, "effective_rank", probes, 2)?;
    let v = probe.draw(operator.dim(), probes, seed);
    let av = products(operator, "effective_rank", &v)?;
    let traces: Vec<f64> = v.iter().zip(&av).map(|(v, av)| dot(v, av)).collect();
    let squares: Vec<f64> = av.iter().map(|av| dot(av, av)).collect();
    let n = probes as f64;
    let (trace, square): (f64, f64) = (traces.iter().sum(), squares.iter().sum());
    // An operator that is zero has no rank at all.
    let ratio = |t: f64, s: f64, n: f64| if s == 0.0 { 0.0 } else { (t / n) * (t / n) / (s / n) };
    let whole = ratio(trace, square, n);
    let without: Vec<f64> = traces.iter().zip(&squares).map(|(t, s)| ratio(trace - t, square - s, n - 1.0)).collect();
    let mean = without.iter().sum::<f64>() / n;
    let variance = without.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() * (n - 1.0) / n;
    let value = n * whole - (n - 1.0) * mean;
    Ok(Estimate { value, standard_error: variance.sqrt(), products: probes })
}

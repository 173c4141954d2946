//! The trace by random probes.

use super::{Estimate, check, products};
use crate::error::Error;
use crate::vector::dot;
use crate::{LinearOperator, Probe};

/// The trace: the mean of `vᵀAv` over probes (Girard 1989; Hutchinson 1990).
///
/// Unbiased for any square A. The variance of one probe is `2‖A‖_F²` for Gaussian ones and `2(‖A‖_F² − Σ A_ii²)` for
/// Rademacher, A symmetric. Costs `probes` products.
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) without a probe, [`NotFinite`](crate::ErrorKind::NotFinite), the
/// operator's own.
///
/// # Example
/// ```
/// use quadric_curvature::{Probe, estimators::trace, operators::Dense};
/// let mut a = Dense::symmetric(2, vec![1.0, 0.5, 0.5, 3.0])?;
/// let estimate = trace(&mut a, Probe::Rademacher, 1000, 7)?;
/// assert!(estimate.errors_from(4.0) < 3.0);
/// assert!((estimate.standard_error - (1.0_f64 / 1000.0).sqrt()).abs() < 0.002); // 2 (‖A‖² − 1² − 3²) = 1
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn trace(
    operator: &mut (impl LinearOperator + ?Sized),
    probe: Probe,
    probes: usize,
    seed: u64,
) -> Result<Estimate, Error> {
    check(operator, "trace", probes, 1)?;
    let v = probe.draw(operator.dim(), probes, seed);
    let av = products(operator, "trace", &v)?;
    let samples: Vec<f64> = v.iter().zip(&av).map(|(v, av)| dot(v, av)).collect();
    Ok(Estimate::mean(&samples, probes))
}

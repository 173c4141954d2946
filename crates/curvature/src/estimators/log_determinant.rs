//! The logarithm of a determinant.

use super::Estimate;
use super::density::quadratures;
use crate::LinearOperator;
use crate::error::{Error, bail};

/// `log det A = tr log A` of a positive definite operator, by stochastic Lanczos quadrature (Ubaru, Chen, Saad 2017).
///
/// The standard error is that of the probes. The quadrature's own error falls exponentially in `steps`, at a rate that the
/// condition number sets, and is not part of it; damp a singular operator ([`Damped`](crate::operators::Damped)).
/// Costs `probes · steps` products.
///
/// # Errors
/// [`ErrorKind::NotPositive`](crate::ErrorKind::NotPositive) if a node of a quadrature is not positive;
/// [`Argument`](crate::ErrorKind::Argument) for an operator that is not symmetric; as [`lanczos`](super::lanczos()).
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::log_determinant, operators::Dense};
/// let mut a = Dense::symmetric(2, vec![2.0, 0.0, 0.0, 8.0])?;
/// let estimate = log_determinant(&mut a, 4, 10, 1)?;
/// assert!((estimate.value - 16f64.ln()).abs() < 1e-12); // Rademacher probes weigh a diagonal matrix exactly
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn log_determinant(
    operator: &mut (impl LinearOperator + ?Sized),
    probes: usize,
    steps: usize,
    seed: u64,
) -> Result<Estimate, Error> {
    let (nodes, products) = quadratures(operator, "log_determinant", probes, steps, seed)?;
    if let Some((node, _)) = nodes.iter().flatten().find(|(x, w)| *x <= 0.0 && *w > f64::EPSILON) {
        bail!(NotPositive, "log_determinant: the spectrum reaches {node:.3e}; the operator is not positive definite");
    }
    let n = operator.dim() as f64;
    let sample =
        |nodes: &Vec<(f64, f64)>| n * nodes.iter().filter(|(x, _)| *x > 0.0).map(|(x, w)| w * x.ln()).sum::<f64>();
    Ok(Estimate::mean(&nodes.iter().map(sample).collect::<Vec<_>>(), products))
}

//! The Frobenius norm by random probes.

use super::{Estimate, check, products};
use crate::error::Error;
use crate::vector::dot;
use crate::{LinearOperator, Probe};

/// `‖A‖_F`, from `‖A‖_F² = E ‖A v‖²`: Hutchinson's trace of `AᵀA`, at one product a probe.
///
/// The square is unbiased; the root's standard error is carried over to first order.
///
/// # Errors
/// As [`trace`](super::trace).
///
/// # Example
/// ```
/// use quadric_curvature::{Probe, estimators::frobenius_norm, operators::Dense};
/// let mut a = Dense::symmetric(2, vec![3.0, 0.0, 0.0, 4.0])?;
/// assert_eq!(frobenius_norm(&mut a, Probe::Rademacher, 2, 1)?.value, 5.0);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn frobenius_norm(
    operator: &mut (impl LinearOperator + ?Sized),
    probe: Probe,
    probes: usize,
    seed: u64,
) -> Result<Estimate, Error> {
    check(operator, "frobenius_norm", probes, 1)?;
    let v = probe.draw(operator.dim(), probes, seed);
    let av = products(operator, "frobenius_norm", &v)?;
    let square = Estimate::mean(&av.iter().map(|av| dot(av, av)).collect::<Vec<_>>(), probes);
    let value = square.value.sqrt();
    let standard_error = if square.standard_error == 0.0 { 0.0 } else { square.standard_error / (2.0 * value) };
    Ok(Estimate { value, standard_error, products: probes })
}

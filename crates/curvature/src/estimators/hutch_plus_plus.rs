//! The trace, its large part exactly.

use super::{Estimate, check, products};
use crate::error::Error;
use crate::vector::{dot, orthogonalize, orthonormal};
use crate::{LinearOperator, Probe};

/// Hutch++ (Meyer, Musco, Musco, Woodruff 2021): the trace on the range of `A S` exactly, the rest by probes; S are k
/// random vectors, and `products` is rounded down to 3k.
///
/// Unbiased for every A; that the error falls like 1/k holds for positive semidefinite ones, so use it for G and Fisher,
/// and [`trace`](super::trace) or [`xtrace`](super::xtrace) for H and N. The standard error is that of the probed rest.
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for fewer than 3 products; as [`trace`](super::trace).
///
/// # Example
/// ```
/// use quadric_curvature::{Probe, estimators::hutch_plus_plus, operators::Dense};
/// // Rank one: the range is caught whole, the answer exact.
/// let mut a = Dense::symmetric(3, vec![1.0, 2.0, 3.0, 2.0, 4.0, 6.0, 3.0, 6.0, 9.0])?;
/// let estimate = hutch_plus_plus(&mut a, Probe::Rademacher, 6, 1)?;
/// assert!((estimate.value - 14.0).abs() < 1e-12 && estimate.standard_error < 1e-12);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn hutch_plus_plus(
    operator: &mut (impl LinearOperator + ?Sized),
    probe: Probe,
    budget: usize,
    seed: u64,
) -> Result<Estimate, Error> {
    check(operator, "hutch_plus_plus", budget, 3)?;
    let k = budget / 3;
    let mut probes = probe.draw(operator.dim(), 2 * k, seed);
    let rest = probes.split_off(k);
    let (q, _) = orthonormal(&products(operator, "hutch_plus_plus", &probes)?);
    let aq = products(operator, "hutch_plus_plus", &q)?;
    let caught: f64 = q.iter().zip(&aq).map(|(q, aq)| dot(q, aq)).sum();
    let mut spent = k + q.len();
    if q.len() == operator.dim() {
        return Ok(Estimate { value: caught, standard_error: 0.0, products: spent });
    }
    let outside: Vec<Vec<f64>> = rest
        .into_iter()
        .map(|mut g| {
            orthogonalize(&mut g, &q);
            g
        })
        .collect();
    let a_outside = products(operator, "hutch_plus_plus", &outside)?;
    spent += k;
    let samples: Vec<f64> = outside.iter().zip(&a_outside).map(|(g, ag)| dot(g, ag)).collect();
    let rest = Estimate::mean(&samples, spent);
    Ok(Estimate { value: caught + rest.value, ..rest })
}

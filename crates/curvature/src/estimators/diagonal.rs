//! The diagonal by random probes.

use super::{check, products};
use crate::error::Error;
use crate::{LinearOperator, Probe};

/// An estimate of the diagonal.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagonalEstimate {
    /// The entries.
    pub values: Vec<f64>,
    /// Their standard errors.
    pub standard_errors: Vec<f64>,
    /// Products spent.
    pub products: usize,
}

impl DiagonalEstimate {
    /// Entry by entry from samples `[sample][entry]`.
    pub(super) fn of_samples(samples: &[Vec<f64>], products: usize) -> DiagonalEstimate {
        let n = samples.first().map_or(0, Vec::len);
        let entries: Vec<(f64, f64)> =
            (0..n).map(|i| super::mean_and_error(&samples.iter().map(|s| s[i]).collect::<Vec<_>>())).collect();
        let (values, standard_errors) = entries.into_iter().unzip();
        DiagonalEstimate { values, standard_errors, products }
    }
}

/// The diagonal: the mean of `v ∘ Av` over Rademacher probes (Bekas, Kokiopoulou, Saad 2007; their denominator
/// `Σ v ∘ v` is the number of probes). Entry i has variance `Σ_{j≠i} A_ij²` a probe. Costs `probes` products.
///
/// # Errors
/// As [`trace`](super::trace).
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::diagonal, operators::Dense};
/// let mut a = Dense::symmetric(2, vec![1.0, 0.0, 0.0, 3.0])?;
/// assert_eq!(diagonal(&mut a, 2, 7)?.values, [1.0, 3.0]); // a diagonal matrix: exact
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn diagonal(
    operator: &mut (impl LinearOperator + ?Sized),
    probes: usize,
    seed: u64,
) -> Result<DiagonalEstimate, Error> {
    check(operator, "diagonal", probes, 1)?;
    let v = Probe::Rademacher.draw(operator.dim(), probes, seed);
    let av = products(operator, "diagonal", &v)?;
    let samples: Vec<Vec<f64>> =
        v.iter().zip(&av).map(|(v, av)| v.iter().zip(av).map(|(v, av)| v * av).collect()).collect();
    Ok(DiagonalEstimate::of_samples(&samples, probes))
}

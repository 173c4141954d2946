//! What one may ask of an operator: an estimator a file, a paper each.
//!
//! Each gives back a value with its standard error and the products spent. A standard error is that of the mean over
//! independent probes; where an estimator's samples are not independent (XTrace, XDiag) it says so.

mod density;
mod diagonal;
mod effective_rank;
mod frobenius;
mod hutch_plus_plus;
mod hutchinson;
mod lanczos;
mod log_determinant;
mod xdiag;
mod xtrace;

pub use density::{DensityParams, SpectralDensity, spectral_density};
pub use diagonal::{DiagonalEstimate, diagonal};
pub use effective_rank::effective_rank;
pub use frobenius::frobenius_norm;
pub use hutch_plus_plus::hutch_plus_plus;
pub use hutchinson::trace;
pub use lanczos::{Eigenpair, Eigenpairs, Lanczos, LanczosParams, eigenpairs, lanczos};
pub use log_determinant::log_determinant;
pub use xdiag::xdiag;
pub use xtrace::xtrace;

use crate::LinearOperator;
use crate::error::{Error, bail};

/// An estimate: how much, how sure, at what price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Its standard error; infinite where one sample says nothing of it, 0 where the value is exact.
    pub standard_error: f64,
    /// Products with the operator that were spent.
    pub products: usize,
}

impl Estimate {
    /// The mean of independent samples and its standard error.
    pub(crate) fn mean(samples: &[f64], products: usize) -> Estimate {
        let (value, standard_error) = mean_and_error(samples);
        Estimate { value, standard_error, products }
    }

    /// How many standard errors the value is from `x`; 0 if it is there.
    pub fn errors_from(&self, x: f64) -> f64 {
        if self.value == x { 0.0 } else { (self.value - x).abs() / self.standard_error }
    }
}

/// `12.3 ± 0.4`
impl std::fmt::Display for Estimate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match f.precision() {
            Some(p) => write!(f, "{:.p$} ± {:.p$}", self.value, self.standard_error),
            None => write!(f, "{} ± {}", self.value, self.standard_error),
        }
    }
}

fn mean_and_error(samples: &[f64]) -> (f64, f64) {
    let n = samples.len() as f64;
    let mean = samples.iter().sum::<f64>() / n;
    if samples.len() < 2 {
        return (mean, f64::INFINITY);
    }
    let variance = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// A square operator and at least `least` of what the budget counts.
fn check(operator: &(impl LinearOperator + ?Sized), name: &str, given: usize, least: usize) -> Result<(), Error> {
    if operator.rows() != operator.dim() {
        bail!(Dimension, "{name}: the operator is {}×{}, a square one is needed", operator.rows(), operator.dim());
    }
    if given < least {
        bail!(Argument, "{name}: at least {least} products are needed, {given} are given");
    }
    Ok(())
}

/// [`check`], and the operator says that it is symmetric.
fn check_symmetric(
    operator: &(impl LinearOperator + ?Sized),
    name: &str,
    given: usize,
    least: usize,
) -> Result<(), Error> {
    check(operator, name, given, least)?;
    if !operator.symmetry().symmetric {
        bail!(Argument, "{name}: the operator does not say that it is symmetric");
    }
    Ok(())
}

/// Products that are all finite.
fn products(
    operator: &mut (impl LinearOperator + ?Sized),
    name: &str,
    block: &[Vec<f64>],
) -> Result<Vec<Vec<f64>>, Error> {
    let products = operator.apply_block(block)?;
    if products.iter().flatten().any(|x| !x.is_finite()) {
        bail!(NotFinite, "{name}: a product with the operator is not finite");
    }
    Ok(products)
}

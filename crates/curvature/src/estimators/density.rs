//! The spectral density by stochastic Lanczos quadrature.

use super::lanczos::{Lanczos, lanczos};
use super::{Estimate, check_symmetric, mean_and_error};
use crate::eigen::tridiagonal_eigen;
use crate::error::{Error, bail};
use crate::{LinearOperator, Probe};

/// How to estimate a spectral density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DensityParams {
    /// Independent probes.
    pub probes: usize,
    /// Lanczos steps a probe: the quadrature is exact for polynomials of degree `2 steps − 1`.
    pub steps: usize,
    /// Points of the grid.
    pub points: usize,
    /// The standard deviation of the Gaussian that stands for an eigenvalue, as a share of the spectrum's width.
    pub broadening: f64,
    /// Of the probes.
    pub seed: u64,
}

impl Default for DensityParams {
    fn default() -> DensityParams {
        DensityParams { probes: 8, steps: 40, points: 256, broadening: 0.01, seed: 0 }
    }
}

/// A spectral density: how the eigenvalues are spread, as a density of integral 1.
#[derive(Clone, Debug, PartialEq)]
pub struct SpectralDensity {
    /// Where it is evaluated, ascending and evenly spaced.
    pub grid: Vec<f64>,
    /// The density there.
    pub density: Vec<f64>,
    /// Its standard error over the probes, point by point.
    pub standard_error: Vec<f64>,
    /// For every probe, the nodes of its quadrature and their weights, which sum to 1.
    pub nodes: Vec<Vec<(f64, f64)>>,
    /// The standard deviation of the Gaussian that stands for a node.
    pub sigma: f64,
    /// The number of eigenvalues.
    pub dim: usize,
    /// Products spent.
    pub products: usize,
}

impl SpectralDensity {
    /// `tr f(A) = n · E Σ w f(node)`, from the same nodes: the trace, the squared norm, any function of the spectrum.
    ///
    /// # Example
    /// ```
    /// use quadric_curvature::{estimators::{spectral_density, DensityParams}, operators::Dense};
    /// let mut a = Dense::symmetric(2, vec![1.0, 0.0, 0.0, 3.0])?;
    /// let density = spectral_density(&mut a, &DensityParams::default())?;
    /// assert!((density.trace_of(|x| x * x).value - 10.0).abs() < 1e-12); // exact: Rademacher probes, a diagonal matrix
    /// # Ok::<(), quadric_curvature::Error>(())
    /// ```
    pub fn trace_of(&self, f: impl Fn(f64) -> f64) -> Estimate {
        let sample = |nodes: &Vec<(f64, f64)>| self.dim as f64 * nodes.iter().map(|(x, w)| w * f(*x)).sum::<f64>();
        Estimate::mean(&self.nodes.iter().map(sample).collect::<Vec<_>>(), self.products)
    }
}

/// The nodes and weights of one quadrature: eigenvalues of T, squared first entries of its eigenvectors.
fn quadrature(run: &Lanczos) -> Result<Vec<(f64, f64)>, Error> {
    let n = run.alpha.len();
    let mut first = vec![(0..n).map(|i| f64::from(u8::from(i == 0))).collect()];
    let values = tridiagonal_eigen(&run.alpha, &run.beta, &mut first)?;
    Ok(values.into_iter().zip(first[0].iter().map(|x| x * x)).collect())
}

/// Quadratures for independent probes: their nodes, and the products spent.
#[allow(clippy::type_complexity)]
pub(super) fn quadratures(
    operator: &mut (impl LinearOperator + ?Sized),
    name: &str,
    probes: usize,
    steps: usize,
    seed: u64,
) -> Result<(Vec<Vec<(f64, f64)>>, usize), Error> {
    check_symmetric(operator, name, probes.min(steps), 1)?;
    let mut products = 0;
    let mut nodes = Vec::new();
    // Rademacher: the smaller variance, and no probe is short.
    for v in Probe::Rademacher.draw(operator.dim(), probes, seed) {
        let run = lanczos(operator, &v, steps)?;
        products += run.alpha.len();
        nodes.push(quadrature(&run)?);
    }
    Ok((nodes, products))
}

/// The density of eigenvalues, by stochastic Lanczos quadrature with Gaussian broadening (Ghorbani, Krishnan, Xiao 2019).
///
/// For each probe v, Lanczos from v gives nodes `θ_i` and weights `τ_i²` with `vᵀf(A)v/‖v‖² ≈ Σ τ_i² f(θ_i)`; the density
/// is the mean of `Σ τ_i² N(x; θ_i, σ²)`. Costs `probes · steps` products.
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for an operator that is not symmetric, no probe, no step, a grid of
/// fewer than 2 points, a broadening that is not positive; the operator's own.
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::{spectral_density, DensityParams}, operators::Dense};
/// let mut a = Dense::symmetric(2, vec![1.0, 0.0, 0.0, 3.0])?;
/// let d = spectral_density(&mut a, &DensityParams { probes: 4, ..DensityParams::default() })?;
/// let width = d.grid[1] - d.grid[0];
/// assert!((d.density.iter().sum::<f64>() * width - 1.0).abs() < 1e-3);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn spectral_density(
    operator: &mut (impl LinearOperator + ?Sized),
    params: &DensityParams,
) -> Result<SpectralDensity, Error> {
    let DensityParams { probes, steps, points, broadening, seed } = *params;
    if points < 2 || broadening.is_nan() || broadening <= 0.0 {
        bail!(Argument, "spectral_density: a grid of {points} points, broadening {broadening}");
    }
    let (nodes, products) = quadratures(operator, "spectral_density", probes, steps, seed)?;
    let all = || nodes.iter().flatten().map(|(x, _)| *x);
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    // A spectrum of one point still has a width to draw.
    let width = if high > low { high - low } else { high.abs().max(1.0) };
    let sigma = broadening * width;
    let (from, to) = (low - 4.0 * sigma, high + 4.0 * sigma);
    let grid: Vec<f64> = (0..points).map(|i| from + (to - from) * i as f64 / (points - 1) as f64).collect();
    let bell = |x: f64| (-0.5 * (x / sigma) * (x / sigma)).exp() / (sigma * (2.0 * std::f64::consts::PI).sqrt());
    let at = |x: f64| {
        let samples: Vec<f64> = nodes.iter().map(|n| n.iter().map(|(y, w)| w * bell(x - y)).sum()).collect();
        mean_and_error(&samples)
    };
    let (density, standard_error) = grid.iter().map(|x| at(*x)).unzip();
    Ok(SpectralDensity { grid, density, standard_error, nodes, sigma, dim: operator.dim(), products })
}

//! Lanczos with full reorthogonalisation: extreme eigenpairs, each with its residual.

use super::{check_symmetric, products};
use crate::eigen::tridiagonal_eigen;
use crate::error::Error;
use crate::vector::{axpy, dot, norm, normalized, orthogonalize, scaled};
use crate::{LinearOperator, Probe};

/// A Krylov space: `A Q = Q T + β q eᵀ` with Q orthonormal and T tridiagonal.
#[derive(Clone, Debug)]
pub struct Lanczos {
    /// The diagonal of T.
    pub alpha: Vec<f64>,
    /// Beside the diagonal.
    pub beta: Vec<f64>,
    /// The orthonormal vectors, as many as the diagonal has entries.
    pub basis: Vec<Vec<f64>>,
    /// The length of what is left beyond the space; 0 if the space is invariant.
    pub rest: f64,
    next: Vec<f64>,
    /// What stands between the last vector and the next in T: the rest, or 0 after a restart.
    coupling: f64,
}

impl Lanczos {
    fn start(first: &[f64]) -> Lanczos {
        let next = normalized(first);
        Lanczos { alpha: Vec::new(), beta: Vec::new(), basis: Vec::new(), rest: norm(&next), next, coupling: 0.0 }
    }

    /// Goes on from a vector that the space does not lead to: T falls into two here.
    fn restart(&mut self, next: &[f64]) {
        self.next = normalized(next);
        self.rest = norm(&self.next);
        self.coupling = 0.0;
    }

    /// One product more; `false` if the space is invariant already.
    fn step(&mut self, operator: &mut (impl LinearOperator + ?Sized)) -> Result<bool, Error> {
        if self.rest == 0.0 {
            return Ok(false);
        }
        if !self.basis.is_empty() {
            self.beta.push(self.coupling);
        }
        let q = std::mem::take(&mut self.next);
        let mut aq = products(operator, "lanczos", std::slice::from_ref(&q))?.swap_remove(0);
        self.alpha.push(dot(&q, &aq));
        self.basis.push(q);
        // Full reorthogonalisation, twice: alpha and beta come off too.
        orthogonalize(&mut aq, &self.basis);
        let length = norm(&aq);
        let scale = self.alpha.iter().chain(&self.beta).fold(0.0_f64, |m, x| m.max(x.abs()));
        let full = self.basis.len() == aq.len();
        // Below round-off there is no direction left, only noise.
        self.rest = if full || length <= 1e-14 * scale { 0.0 } else { length };
        if self.rest > 0.0 {
            self.next = scaled(1.0 / length, &aq);
        }
        self.coupling = self.rest;
        Ok(true)
    }
}

/// `steps` steps of Lanczos from `first`, with full reorthogonalisation (Lanczos 1950; Golub & Van Loan 2013, §10.3).
///
/// Ends early if the space is invariant. Costs a product a step.
///
/// # Errors
/// [`ErrorKind::Argument`](crate::ErrorKind::Argument) for an operator that is not symmetric; the operator's own.
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::lanczos, operators::Dense};
/// let mut a = Dense::symmetric(2, vec![0.0, 3.0, 3.0, 0.0])?;
/// let run = lanczos(&mut a, &[1.0, 0.0], 5)?;
/// assert_eq!((run.alpha, run.beta, run.rest), (vec![0.0, 0.0], vec![3.0], 0.0));
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn lanczos(operator: &mut (impl LinearOperator + ?Sized), first: &[f64], steps: usize) -> Result<Lanczos, Error> {
    check_symmetric(operator, "lanczos", steps, 1)?;
    crate::space::check_dim(first.len(), operator.dim())?;
    let mut run = Lanczos::start(first);
    for _ in 0..steps {
        if !run.step(operator)? {
            break;
        }
    }
    Ok(run)
}

/// When Lanczos ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LanczosParams {
    /// A pair has converged when `‖A v − λ v‖ ≤ tolerance · max|λ|`.
    pub tolerance: f64,
    /// Products to spend at most.
    pub max_products: usize,
    /// Of the first vector.
    pub seed: u64,
}

impl Default for LanczosParams {
    fn default() -> LanczosParams {
        LanczosParams { tolerance: 1e-6, max_products: 200, seed: 0 }
    }
}

/// An eigenvalue, its unit eigenvector, and how well they fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenpair {
    /// λ
    pub value: f64,
    /// v
    pub vector: Vec<f64>,
    /// `‖A v − λ v‖`: some eigenvalue lies this near to λ.
    pub residual: f64,
}

/// The two ends of a spectrum.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenpairs {
    /// The largest first.
    pub top: Vec<Eigenpair>,
    /// The smallest first.
    pub bottom: Vec<Eigenpair>,
    /// Products spent.
    pub products: usize,
    /// Whether every residual is below the tolerance.
    pub converged: bool,
}

/// The `top` largest and the `bottom` smallest eigenvalues with their vectors.
///
/// The residual of a pair is `β |last entry of T's eigenvector|`, free of charge; with full reorthogonalisation it is the
/// true one to round-off. When the space turns out invariant (a repeated eigenvalue shows once in it) Lanczos goes on
/// from a new random vector orthogonal to it, so multiplicities are found. What has not converged within the budget is
/// given back as it is: look at `converged` and the residuals.
///
/// # Errors
/// As [`lanczos`].
///
/// # Example
/// ```
/// use quadric_curvature::{estimators::{eigenpairs, LanczosParams}, operators::Dense};
/// let mut a = Dense::symmetric(3, vec![5.0, 0.0, 0.0, 0.0, -2.0, 0.0, 0.0, 0.0, 1.0])?;
/// let ends = eigenpairs(&mut a, 1, 1, &LanczosParams::default())?;
/// assert!((ends.top[0].value - 5.0).abs() < 1e-12 && (ends.bottom[0].value + 2.0).abs() < 1e-12);
/// assert!((ends.top[0].vector[0].abs() - 1.0).abs() < 1e-12 && ends.converged);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
pub fn eigenpairs(
    operator: &mut (impl LinearOperator + ?Sized),
    top: usize,
    bottom: usize,
    params: &LanczosParams,
) -> Result<Eigenpairs, Error> {
    let n = operator.dim();
    check_symmetric(operator, "eigenpairs", params.max_products, 1)?;
    let limit = params.max_products.min(n);
    // Fresh starts come from the same stream of random vectors.
    let mut seeds = 0..;
    let mut fresh = |basis: &[Vec<f64>]| {
        let seed = params.seed.wrapping_add(seeds.next().unwrap_or(0));
        let mut v = Probe::Gaussian.draw(n, 1, seed).swap_remove(0);
        orthogonalize(&mut v, basis);
        v
    };
    let mut run = Lanczos::start(&fresh(&[]));
    while run.alpha.len() < limit {
        if !run.step(operator)? {
            run.restart(&fresh(&run.basis));
            run.step(operator)?;
        }
        let steps = run.alpha.len();
        let wanted = (top + bottom).min(n);
        if steps >= limit || (steps >= wanted && steps.is_multiple_of(5)) {
            let (values, last) = ritz(&run)?;
            let invariant = run.rest == 0.0 && steps < n;
            let scale = values.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
            let fits = |i: usize| run.rest * last[i].abs() <= params.tolerance * scale;
            let ends = (0..bottom.min(steps)).chain(steps - top.min(steps)..steps);
            if !invariant && ends.clone().all(fits) {
                break;
            }
        }
    }
    let steps = run.alpha.len();
    let mut rows: Vec<Vec<f64>> = (0..steps).map(|i| unit(steps, i)).collect();
    let values = tridiagonal_eigen(&run.alpha, &run.beta, &mut rows)?;
    let scale = values.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    let pair = |i: usize| {
        let mut vector = vec![0.0; n];
        run.basis.iter().zip(&rows).for_each(|(q, row)| axpy(row[i], q, &mut vector));
        let residual = run.rest * rows[steps - 1][i].abs();
        Eigenpair { value: values[i], vector: normalized(&vector), residual }
    };
    let tops: Vec<Eigenpair> = (0..top.min(steps)).map(|i| pair(steps - 1 - i)).collect();
    let bottoms: Vec<Eigenpair> = (0..bottom.min(steps)).map(pair).collect();
    let enough = steps >= top.max(bottom).min(n);
    let converged = enough && tops.iter().chain(&bottoms).all(|p| p.residual <= params.tolerance * scale);
    Ok(Eigenpairs { top: tops, bottom: bottoms, products: steps, converged })
}

fn unit(n: usize, i: usize) -> Vec<f64> {
    (0..n).map(|j| f64::from(u8::from(i == j))).collect()
}

/// The eigenvalues of T and the last entries of its eigenvectors.
fn ritz(run: &Lanczos) -> Result<(Vec<f64>, Vec<f64>), Error> {
    let n = run.alpha.len();
    let mut last = vec![unit(n, n - 1)];
    let values = tridiagonal_eigen(&run.alpha, &run.beta, &mut last)?;
    Ok((values, last.swap_remove(0)))
}

//! The inverse of an operator, one solve a product.

mod cg;
mod minres;

use std::fmt;

use super::{LinearOperator, Symmetry};
use crate::error::{Error, ErrorKind};

pub use cg::cg;
pub use minres::minres;

/// When an iterative solve ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CgParams {
    /// At `‖b − A x‖ ≤ tolerance · ‖b‖`.
    pub tolerance: f64,
    /// Or after this many products, without success.
    pub max_iterations: usize,
}

impl Default for CgParams {
    fn default() -> CgParams {
        CgParams { tolerance: 1e-10, max_iterations: 1000 }
    }
}

/// How an iterative solve went.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct CgInfo {
    /// Iterations taken.
    pub iterations: usize,
    /// Products spent, the one that checks the residual included.
    pub products: usize,
    /// `‖b − A x‖ / ‖b‖`, computed from x at the end.
    pub residual: f64,
}

/// Why an iterative solve has no answer.
#[derive(Debug)]
#[non_exhaustive]
pub enum CgFailure {
    /// The residual did not fall below the tolerance.
    NotConverged,
    /// `vᵀAv ≤ 0` along a direction v: the operator is not positive definite, and conjugate gradients need it to be.
    /// The number is `vᵀAv / vᵀv`.
    NotPositive(f64),
    /// A number became infinite or no number.
    NotFinite,
    /// A product failed.
    Product(Error),
}

/// An iterative solve without an answer: why, how far it got, and the best x it had.
#[derive(Debug)]
pub struct CgError {
    /// Why.
    pub failure: CgFailure,
    /// How far.
    pub info: CgInfo,
    /// The last iterate.
    pub x: Vec<f64>,
}

impl fmt::Display for CgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CgInfo { iterations, residual, .. } = self.info;
        match &self.failure {
            CgFailure::NotConverged => {
                write!(f, "solve: relative residual {residual:.3e} after {iterations} iterations")
            }
            CgFailure::NotPositive(curvature) => {
                write!(f, "solve: curvature {curvature:.3e} at iteration {iterations}: not positive definite")
            }
            CgFailure::NotFinite => write!(f, "solve: a number is not finite at iteration {iterations}"),
            CgFailure::Product(error) => write!(f, "solve: {error}"),
        }
    }
}

impl std::error::Error for CgError {}

impl From<CgError> for Error {
    fn from(error: CgError) -> Error {
        let kind = match &error.failure {
            CgFailure::NotConverged => ErrorKind::NotConverged,
            CgFailure::NotPositive(_) => ErrorKind::NotPositive,
            CgFailure::NotFinite => ErrorKind::NotFinite,
            CgFailure::Product(inner) => inner.kind(),
        };
        Error::new(kind, error.to_string()).because(error)
    }
}

#[derive(Clone, Copy, Debug)]
enum Solver {
    Cg,
    Minres,
}

/// `A⁻¹`, by conjugate gradients or MINRES: each product is a solve to the tolerance.
///
/// # Example
/// ```
/// use quadric_curvature::{LinearOperator, operators::{CgParams, Dense, Inverse}};
/// let a = Dense::symmetric(2, vec![2.0, 1.0, 1.0, 2.0])?;
/// let mut inverse = Inverse::cg(a, CgParams::default());
/// let x = inverse.apply(&[3.0, 3.0])?;
/// assert!((x[0] - 1.0).abs() < 1e-9 && (x[1] - 1.0).abs() < 1e-9);
/// assert!(inverse.info().residual <= 1e-10);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Inverse<A> {
    operator: A,
    solver: Solver,
    params: CgParams,
    info: CgInfo,
}

impl<A: LinearOperator> Inverse<A> {
    /// By conjugate gradients, for a positive definite operator.
    pub fn cg(operator: A, params: CgParams) -> Inverse<A> {
        Inverse { operator, solver: Solver::Cg, params, info: CgInfo::default() }
    }

    /// By MINRES, for a symmetric operator of any sign.
    pub fn minres(operator: A, params: CgParams) -> Inverse<A> {
        Inverse { operator, solver: Solver::Minres, params, info: CgInfo::default() }
    }

    /// How the last solve went.
    pub fn info(&self) -> CgInfo {
        self.info
    }

    /// The operator again.
    pub fn into_inner(self) -> A {
        self.operator
    }
}

impl<A: LinearOperator> LinearOperator for Inverse<A> {
    fn dim(&self) -> usize {
        self.operator.dim()
    }

    /// `A⁻¹ v`; the error's source is a [`CgError`].
    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        let (x, info) = match self.solver {
            Solver::Cg => cg(&mut self.operator, v, &self.params)?,
            Solver::Minres => minres(&mut self.operator, v, &self.params)?,
        };
        self.info = info;
        Ok(x)
    }

    fn symmetry(&self) -> Symmetry {
        self.operator.symmetry()
    }
}

/// What both methods keep while they run.
struct Run<'a, A: ?Sized> {
    operator: &'a mut A,
    b: &'a [f64],
    x: Vec<f64>,
    info: CgInfo,
}

impl<'a, A: LinearOperator + ?Sized> Run<'a, A> {
    fn new(operator: &'a mut A, b: &'a [f64]) -> Run<'a, A> {
        Run { operator, b, x: vec![0.0; b.len()], info: CgInfo { iterations: 0, products: 0, residual: 1.0 } }
    }

    fn product(&mut self, v: &[f64]) -> Result<Vec<f64>, CgFailure> {
        self.info.products += 1;
        let product = self.operator.apply(v).map_err(CgFailure::Product)?;
        if product.iter().any(|x| !x.is_finite()) {
            return Err(CgFailure::NotFinite);
        }
        Ok(product)
    }

    /// The recurrence thinks it is done: is it?
    fn finish(mut self, end: Result<(), CgFailure>, tolerance: f64) -> Result<(Vec<f64>, CgInfo), CgError> {
        let scale = crate::vector::norm(self.b);
        let mut end = end;
        if matches!(end, Ok(()) | Err(CgFailure::NotConverged)) {
            let x = std::mem::take(&mut self.x);
            match self.product(&x) {
                Ok(mut rest) => {
                    rest.iter_mut().zip(self.b).for_each(|(ax, b)| *ax = b - *ax);
                    let residual = crate::vector::norm(&rest);
                    self.info.residual = if scale == 0.0 { residual } else { residual / scale };
                    // The true residual drifts from the recurrence's by round-off: a factor ten is forgiven.
                    if end.is_ok() && self.info.residual > 10.0 * tolerance {
                        end = Err(CgFailure::NotConverged);
                    }
                }
                Err(failure) => end = Err(failure),
            }
            self.x = x;
        }
        match end {
            Ok(()) => Ok((self.x, self.info)),
            Err(failure) => Err(CgError { failure, info: self.info, x: self.x }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Probe;
    use crate::operators::{Damped, Dense};
    use crate::vector::{dot, norm};

    fn random(n: usize, seed: u64) -> Dense {
        let columns = Probe::Gaussian.draw(n, n, seed);
        Dense::symmetric(n, (0..n * n).map(|k| columns[k / n][k % n] + columns[k % n][k / n]).collect()).unwrap()
    }

    fn definite(n: usize, seed: u64) -> Dense {
        let columns = Probe::Gaussian.draw(n, n, seed);
        Dense::symmetric(n, (0..n * n).map(|k| dot(&columns[k / n], &columns[k % n])).collect()).unwrap()
    }

    #[test]
    fn cg_solves_what_is_positive_definite() {
        let b = &Probe::Gaussian.draw(20, 1, 3)[0];
        let mut a = Damped::new(definite(20, 1), 0.1);
        let (x, info) = cg(&mut a, b, &CgParams::default()).unwrap();
        let rest: Vec<f64> = a.apply(&x).unwrap().iter().zip(b).map(|(ax, b)| b - ax).collect();
        assert!((norm(&rest) / norm(b) - info.residual).abs() < 1e-14);
        assert!(info.residual < 1e-9);
        assert_eq!(info.products, info.iterations + 1);
    }

    #[test]
    fn cg_says_where_it_met_negative_curvature() {
        let error = cg(&mut random(10, 1), &[1.0; 10], &CgParams::default()).unwrap_err();
        let CgFailure::NotPositive(curvature) = error.failure else { panic!("{error}") };
        assert!(curvature < 0.0);
        assert_eq!(Error::from(error).kind(), ErrorKind::NotPositive);
    }

    #[test]
    fn minres_solves_what_is_indefinite() {
        let b = &Probe::Gaussian.draw(20, 1, 3)[0];
        let mut a = random(20, 1);
        assert!(a.eigenvalues().unwrap()[0] < 0.0);
        let (x, info) = minres(&mut a, b, &CgParams::default()).unwrap();
        let rest: Vec<f64> = a.apply(&x).unwrap().iter().zip(b).map(|(ax, b)| b - ax).collect();
        assert!(norm(&rest) / norm(b) < 1e-9, "{info:?}");
    }

    #[test]
    fn not_converged_carries_its_residual() {
        let params = CgParams { tolerance: 1e-12, max_iterations: 3 };
        let mut a = Damped::new(definite(20, 1), 1e-3);
        for error in [cg(&mut a, &[1.0; 20], &params).unwrap_err(), minres(&mut a, &[1.0; 20], &params).unwrap_err()] {
            assert!(matches!(error.failure, CgFailure::NotConverged));
            assert_eq!(error.info.iterations, 3);
            assert!(error.info.residual > 1e-12 && error.info.residual.is_finite());
        }
    }

    #[test]
    fn zero_has_a_zero_solution() {
        let (x, info) = cg(&mut definite(4, 1), &[0.0; 4], &CgParams::default()).unwrap();
        assert_eq!((x, info.iterations, info.residual), (vec![0.0; 4], 0, 0.0));
        assert_eq!(minres(&mut definite(4, 1), &[0.0; 4], &CgParams::default()).unwrap().0, [0.0; 4]);
    }
}

//! The uncentred covariance of the per-example gradients.

use quadric_autodiff::Tensor;

use super::outer::{AtTheCut, Outer, of_scores};
use super::{AtPoint, LinearOperator, Symmetry};
use crate::error::Error;
use crate::problem::Problem;

/// The empirical Fisher matrix `(1/N) Σ_n g_n g_nᵀ`, with `g_n = J_nᵀ ∂ℓ_n/∂z_n` the gradient of example n's loss at its
/// actual label.
///
/// Neither the Fisher information nor the Hessian (Kunstner, Balles, Hennig 2019). Only what passes the cut counts:
/// weight decay beside the loss is no example's. The scores `∂ℓ_n/∂z_n` are one sweep through the loss; no gradient is
/// formed.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::EmpiricalFisher};
/// let loss = |w: Var, x: Var, y: Var| {
///     let error = cut("z", x * w) - y;
///     (error * error * 0.5).mean()
/// };
/// // Per-example gradients (w x − y) x: 1 and −4.
/// let problem = Problem::new(&Tensor::scalar(1.0), loss, vec![(tensor![1.0, 2.0], tensor![0.0, 4.0])])?;
/// assert_eq!(EmpiricalFisher::new(&problem, "z")?.apply(&[1.0])?, [8.5]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct EmpiricalFisher {
    outer: Outer,
    scores: AtTheCut,
}

impl EmpiricalFisher {
    /// For the cut of this name, which has the examples along axis 0.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) for a cut that the loss does not have exactly once;
    /// [`ErrorKind::Problem`](crate::ErrorKind::Problem) for coupled examples.
    #[track_caller]
    pub fn new(problem: &Problem, cut: &str) -> Result<EmpiricalFisher, Error> {
        problem.refuse_coupled("EmpiricalFisher")?;
        let outer = Outer::new(problem, cut, true, of_scores)?;
        let mut fisher = EmpiricalFisher { outer, scores: AtTheCut::scores(problem, cut)? };
        fisher.score()?;
        Ok(fisher)
    }

    fn score(&mut self) -> Result<(), Error> {
        let point = self.outer.problem().point().to_vec();
        let scores = self.scores.at(&point)?;
        self.outer.set_scores(Some(scores))
    }
}

impl LinearOperator for EmpiricalFisher {
    fn dim(&self) -> usize {
        self.outer.dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        self.outer.apply(v)
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        self.outer.apply_block(block)
    }

    fn symmetry(&self) -> Symmetry {
        self.outer.symmetry()
    }
}

impl AtPoint for EmpiricalFisher {
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        self.outer.set_leaves(leaves)?;
        self.score()
    }

    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let leaves = self.outer.replaced(theta)?;
        self.set_leaves(leaves)
    }
}

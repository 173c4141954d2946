//! The neural tangent kernel.

use quadric_autodiff::Tensor;

use super::{AtPoint, Jacobian, JacobianTranspose, LinearOperator, Symmetry};
use crate::error::Error;
use crate::problem::Problem;

/// The empirical neural tangent kernel `K = J Jᵀ` (Jacot, Gabriel, Hongler 2018), over all examples and all entries of the
/// cut. It shares its nonzero eigenvalues with `Jᵀ J`.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::Ntk};
/// let loss = |w: Var, x: Var, _y: Var| cut("z", x * w).mean();
/// let problem = Problem::new(&Tensor::scalar(3.0), loss, vec![(tensor![1.0, 2.0], tensor![0.0, 0.0])])?;
/// assert_eq!(Ntk::new(&problem, "z")?.apply(&[1.0, 0.0])?, [1.0, 2.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Ntk {
    jacobian: Jacobian,
    transpose: JacobianTranspose,
}

impl Ntk {
    /// For the cut of this name.
    ///
    /// # Errors
    /// As [`Jacobian::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<Ntk, Error> {
        Ok(Ntk { jacobian: Jacobian::new(problem, cut)?, transpose: JacobianTranspose::new(problem, cut)? })
    }
}

impl LinearOperator for Ntk {
    fn dim(&self) -> usize {
        self.jacobian.rows()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        let theta_bar = self.transpose.apply(v)?;
        self.jacobian.apply(&theta_bar)
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let theta_bars = self.transpose.apply_block(block)?;
        self.jacobian.apply_block(&theta_bars)
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::SEMIDEFINITE
    }
}

impl AtPoint for Ntk {
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        self.jacobian.set_leaves(leaves.clone())?;
        self.transpose.set_leaves(leaves)
    }

    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        self.jacobian.set_parameters(theta)?;
        self.transpose.set_parameters(theta)
    }
}

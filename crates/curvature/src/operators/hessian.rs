//! `H`: the Hessian of the mean loss.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// The Hessian `H = ∇²L`, all residuals live.
///
/// `H v = d/dε ∇L(θ + ε v)` at ε = 0 (Pearlmutter 1994): forward mode over the gradient tape.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::Hessian};
/// let loss = |w: Var, x: Var, _y: Var| (x * w.powi(3)).mean();
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// assert_eq!(Hessian::new(&problem)?.apply(&[1.0])?, [12.0]); // (w³)″ = 6 w
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Hessian(PartOperator);

impl Hessian {
    /// `H` at the problem's point.
    ///
    /// # Errors
    /// As [`PartOperator::new`].
    pub fn new(problem: &Problem) -> Result<Hessian, Error> {
        Ok(Hessian(PartOperator::new(problem, &Part::Hessian)?))
    }
}

by_its_field!(Hessian);

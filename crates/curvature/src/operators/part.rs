//! A part of the Hessian by frozen residuals: what the operators of the parts are made of.

use quadric_autodiff::Tensor;
use quadric_autodiff::transform::Part;

use super::{AtPoint, LinearOperator, Symmetry};
use crate::error::Error;
use crate::problem::{Problem, Sweep};

/// The product of any [`Part`] of the Hessian with a vector, over the whole data set.
///
/// Forward mode over the gradient tape, with the residuals of all other equations frozen: `Σₑ Jᵀ_{xₑ}(ȳₑ · D²opₑ[ẋₑ])`
/// over the part's equations e. The tape is linearised at the point once; a product costs the linear half.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Part, Problem, operators::PartOperator};
/// let loss = |w: Var, x: Var, _y: Var| cut("z", x * w * w).mean();
/// let problem = Problem::new(&Tensor::scalar(3.0), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let mut n = PartOperator::new(&problem, &Part::nme("z"))?;
/// assert_eq!(n.apply(&[1.0])?, [2.0]); // the loss is linear in z, so all curvature is the model's: (w²)″ = 2
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct PartOperator {
    sweep: Sweep,
    structure: Symmetry,
}

impl PartOperator {
    /// The operator of `part`, with a reverse sweep, a linearisation and programs of its own.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) for a cut, a scope or a line that the loss does not have,
    /// for a loss that is nonlinear in a parameter which reaches it without passing the cut, and for a name that cuts twice on one path.
    pub fn new(problem: &Problem, part: &Part) -> Result<PartOperator, Error> {
        let convex = problem.is_convex() && matches!(part, Part::GaussNewton { .. });
        let structure = if convex { Symmetry::SEMIDEFINITE } else { Symmetry::SYMMETRIC };
        let sweep = problem.part_sweep(std::slice::from_ref(part), false)?;
        Ok(PartOperator { sweep, structure })
    }
}

impl LinearOperator for PartOperator {
    fn dim(&self) -> usize {
        self.sweep.problem().space().dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        Ok(self.sweep.mean(block, 1)?.swap_remove(0))
    }

    fn symmetry(&self) -> Symmetry {
        self.structure
    }
}

impl AtPoint for PartOperator {
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        self.sweep.problem().space().check(&leaves.iter().collect::<Vec<_>>())?;
        self.sweep.set_point(leaves);
        Ok(())
    }

    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        let problem = self.sweep.problem();
        let leaves = problem.space().replaced(problem.point(), theta)?;
        self.sweep.set_point(leaves);
        Ok(())
    }
}

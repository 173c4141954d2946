//! `R`: what neither loss nor model makes.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// The part of the Hessian from equations that neither lead to the cut nor follow from it: weight decay, penalties on
/// parameters. `H = G + N + R`.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::Remainder};
/// let loss = |w: Var, x: Var, _y: Var| cut("z", x * w).mean() + w * w * 0.5;
/// let problem = Problem::new(&Tensor::scalar(2.0), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// assert_eq!(Remainder::new(&problem, "z")?.apply(&[1.0])?, [1.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Remainder(PartOperator);

impl Remainder {
    /// `R` for the cut of this name.
    ///
    /// # Errors
    /// As [`PartOperator::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<Remainder, Error> {
        Ok(Remainder(PartOperator::new(problem, &Part::remainder(cut))?))
    }
}

by_its_field!(Remainder);

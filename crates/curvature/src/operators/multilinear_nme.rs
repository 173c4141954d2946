//! `M`: the products' share of the nonlinear modeling error.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// The model's *multilinear* equations' part of `N`: products of weights and activations. `N = A + M`.
///
/// In a feed-forward net without shared weights `tr M = 0` and its same-layer blocks vanish; with a piecewise-linear
/// activation it is all there is of `N`.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::MultilinearNme};
/// let loss = |w: (Var, Var), x: Var, y: Var| {
///     let z = cut("z", (x * w.0).sin() * w.1);
///     let error = z - y;
///     (error * error * 0.5).mean()
/// };
/// let problem = Problem::new(&(Tensor::scalar(0.5), Tensor::scalar(2.0)), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let m_v = MultilinearNme::new(&problem, "z")?.apply(&[1.0, 1.0])?;
/// assert_eq!(m_v[0], m_v[1]); // off the diagonal, and symmetric: the trace is 0
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct MultilinearNme(PartOperator);

impl MultilinearNme {
    /// `M` for the cut of this name.
    ///
    /// # Errors
    /// As [`PartOperator::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<MultilinearNme, Error> {
        Ok(MultilinearNme(PartOperator::new(problem, &Part::multilinear_nme(cut))?))
    }
}

by_its_field!(MultilinearNme);

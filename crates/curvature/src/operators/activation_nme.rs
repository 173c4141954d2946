//! `A`: the activations' share of the nonlinear modeling error.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// The model's *nonlinear* equations' part of `N`: `A = Σ_u ā_u φ″(h_u) ∇h_u ∇h_uᵀ` over examples and hidden units.
///
/// A composed activation counts as one if it opens a nonlinear scope: by primitive kind alone the product in `x Φ(x)`
/// would be the model's.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::ActivationNme};
/// let loss = |w: (Var, Var), x: Var, y: Var| {
///     let z = cut("z", (x * w.0).sin() * w.1);
///     let error = z - y;
///     (error * error * 0.5).mean()
/// };
/// let problem = Problem::new(&(Tensor::scalar(0.5), Tensor::scalar(2.0)), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let a_v = ActivationNme::new(&problem, "z")?.apply(&[1.0, 1.0])?;
/// let (s, slope) = (0.5_f64.sin(), 2.0 * 0.5_f64.sin());
/// assert!((a_v[0] + slope * 2.0 * s).abs() < 1e-15 && a_v[1] == 0.0); // φ″ = −sin
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct ActivationNme(PartOperator);

impl ActivationNme {
    /// `A` for the cut of this name.
    ///
    /// # Errors
    /// As [`PartOperator::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<ActivationNme, Error> {
        Ok(ActivationNme(PartOperator::new(problem, &Part::activation_nme(cut))?))
    }
}

by_its_field!(ActivationNme);

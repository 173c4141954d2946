//! `G`: the Gauss-Newton part of the Hessian.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// Gauss-Newton, `G = Jᵀ H_z J` with `z` the cut, `J = ∂z/∂θ` and `H_z = ∇²_z ℓ`: the Hessian of the loss of the
/// linearised model (Schraudolph 2002; Martens 2020).
///
/// Only the residuals of what descends from the cut are live. Positive semidefinite if the loss is convex in z, which
/// [`Problem::with_convex_loss`] promises.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::GaussNewton};
/// let loss = |w: (Var, Var), x: Var, y: Var| {
///     let z = cut("z", (x * w.0).sin() * w.1);
///     let error = z - y;
///     (error * error * 0.5).mean()
/// };
/// let problem = Problem::new(&(Tensor::scalar(0.5), Tensor::scalar(2.0)), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let mut g = GaussNewton::new(&problem, "z")?;
/// let j = [2.0 * 0.5_f64.cos(), 0.5_f64.sin()]; // z = w₁ sin w₀
/// let g_v = g.apply(&[1.0, 0.0])?;
/// assert!((g_v[0] - j[0] * j[0]).abs() < 1e-15 && (g_v[1] - j[1] * j[0]).abs() < 1e-15);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct GaussNewton(PartOperator);

impl GaussNewton {
    /// `G` for the cut of this name.
    ///
    /// # Errors
    /// As [`PartOperator::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<GaussNewton, Error> {
        Ok(GaussNewton(PartOperator::new(problem, &Part::gauss_newton(cut))?))
    }
}

by_its_field!(GaussNewton);

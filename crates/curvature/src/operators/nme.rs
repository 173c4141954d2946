//! `N`: the nonlinear modeling error.

use quadric_autodiff::transform::Part;

use super::{PartOperator, by_its_field};
use crate::error::Error;
use crate::problem::Problem;

/// The nonlinear modeling error `N = Σ_c (∂ℓ/∂z_c) ∇²_θ z_c`, all second-order information of the model (Dauphin,
/// Agarwala, Mobahi 2024). Indefinite; zero where `∂ℓ/∂z = 0`.
///
/// Only the residuals of what the cut descends from are live.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, cut}};
/// use quadric_curvature::{LinearOperator, Problem, operators::Nme};
/// let loss = |w: (Var, Var), x: Var, y: Var| {
///     let z = cut("z", (x * w.0).sin() * w.1);
///     let error = z - y;
///     (error * error * 0.5).mean()
/// };
/// let problem = Problem::new(&(Tensor::scalar(0.5), Tensor::scalar(2.0)), loss, vec![(tensor![1.0], tensor![0.0])])?;
/// let mut n = Nme::new(&problem, "z")?;
/// let slope = 2.0 * 0.5_f64.sin(); // ∂ℓ/∂z = z − y
/// let n_v = n.apply(&[0.0, 1.0])?;
/// assert!((n_v[0] - slope * 0.5_f64.cos()).abs() < 1e-15 && n_v[1] == 0.0);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Nme(PartOperator);

impl Nme {
    /// `N` for the cut of this name.
    ///
    /// # Errors
    /// As [`PartOperator::new`].
    pub fn new(problem: &Problem, cut: &str) -> Result<Nme, Error> {
        Ok(Nme(PartOperator::new(problem, &Part::nme(cut))?))
    }
}

by_its_field!(Nme);

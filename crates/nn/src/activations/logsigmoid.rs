//! The logarithm of the logistic function.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `ln σ(x) = −ln(1 + e⁻ˣ)`, accurate at both ends; `φ' = σ(−x)`.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::logsigmoid;
/// let y = compile(|x: Var| logsigmoid(x)).call(tensor![-1e4, 1e4])?;
/// assert_eq!(y.to_f64_vec(), [-1e4, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn logsigmoid(x: Var) -> Var {
    LIBRARY.nonlinear_scope("logsigmoid", || -(-x).softplus())
}

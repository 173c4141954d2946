//! The logarithm of the logistic function.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `ln σ(x) = −ln(1 + e⁻ˣ)`, accurate at both ends; `φ' = σ(−x)`.
#[track_caller]
#[must_use]
pub fn logsigmoid(x: Var) -> Var {
    LIBRARY.nonlinear_scope("logsigmoid", || -(-x).softplus())
}

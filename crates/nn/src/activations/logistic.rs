//! The logistic function.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `σ(x) = 1/(1 + e⁻ˣ)`; `σ' = σ(1 − σ)`, `σ'' = σ'(1 − 2σ)`.
#[track_caller]
#[must_use]
pub fn logistic(x: Var) -> Var {
    LIBRARY.nonlinear_scope("logistic", || x.logistic())
}

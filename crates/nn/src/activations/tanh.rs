//! The hyperbolic tangent.

use quadric_autodiff::trace::{Var, nonlinear_scope};

/// `tanh x`; `φ'' = −2 φ (1 − φ²)`.
#[track_caller]
#[must_use]
pub fn tanh(x: Var) -> Var {
    nonlinear_scope("tanh", || x.tanh())
}

//! The hyperbolic tangent.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `tanh x`; `φ'' = −2 φ (1 − φ²)`.
#[track_caller]
#[must_use]
pub fn tanh(x: Var) -> Var {
    LIBRARY.nonlinear_scope("tanh", || x.tanh())
}

//! GELU with its true second derivative declared: the control of the interventions.

use quadric_autodiff::trace::{Var, declare_second_derivative};

use super::gelu;
use crate::LIBRARY;

/// GELU with `φ'' := n(x)(2 − x²)` declared. It must do what [`gelu`](gelu()) does, to round-off; where it does not, the
/// machinery of the interventions is at fault and not the curvature they change.
#[track_caller]
#[must_use]
pub fn gelu_declared(x: Var) -> Var {
    LIBRARY.nonlinear_scope("gelu-declared", || {
        declare_second_derivative("gelu-declared", x, gelu::composed, gelu::second)
    })
}

//! GELU without its second derivative: an intervention.

use quadric_autodiff::trace::{Var, declare_second_derivative};

use super::gelu;
use crate::LIBRARY;

/// GELU, to the bit in value and derivative, with `φ'' := 0` declared: the Hessian loses its activation part.
#[track_caller]
#[must_use]
pub fn gelu_ablated(x: Var) -> Var {
    LIBRARY.nonlinear_scope("gelu-ablated", || {
        declare_second_derivative("gelu-ablated", x, gelu::composed, |x| x.zeros_like())
    })
}

//! ReLU.

use quadric_autodiff::trace::{Var, select};

use crate::LIBRARY;

/// `x > 0 ? x : 0`, so `relu'(0) = 0`.
#[track_caller]
#[must_use]
pub fn relu(x: Var) -> Var {
    LIBRARY.nonlinear_scope("relu", || composed(x))
}

#[track_caller]
pub(super) fn composed(x: Var) -> Var {
    select(x.gt(0.0), x, x.zeros_like())
}

//! ReLU.

use quadric_autodiff::trace::{Var, select};

use crate::LIBRARY;

/// `max(x, 0)` with `relu'(0) = 0`, where `x.maximum(0.0)` shares the derivative between the two that are equal: ½. At NaN the value and the
/// derivative are NaN.
#[track_caller]
#[must_use]
pub fn relu(x: Var) -> Var {
    LIBRARY.nonlinear_scope("relu", || composed(x))
}

#[track_caller]
pub(crate) fn composed(x: Var) -> Var {
    select(x.le(0.0), 0.0, x * nan_mark(x))
}

/// 1, but NaN where x is: a factor whose derivative is 0 at every order, and which keeps a NaN in the derivative of what it multiplies.
#[track_caller]
pub(crate) fn nan_mark(x: Var) -> Var {
    select(x.equal(x), 1.0, x).stop_gradient()
}

//! Softplus: a smooth ReLU.

use quadric_autodiff::trace::{Var, custom_pointwise};

use crate::LIBRARY;

/// `ln(1 + eˣ)`, evaluated as `max(x, 0) + ln(1 + e^{−|x|})`, which neither overflows nor cancels; `φ' = σ(x)`.
///
/// The derivative is declared: that of the stable form passes through the kinks of max and |x| at 0, where the
/// conventions for them would give `φ''(0) = 0` in place of ¼.
#[track_caller]
#[must_use]
pub fn softplus(x: Var) -> Var {
    LIBRARY.nonlinear_scope("softplus", || {
        custom_pointwise("softplus", x, |x| x.maximum(0.0) + (-x.abs()).exp().log1p(), |x| x.logistic())
    })
}

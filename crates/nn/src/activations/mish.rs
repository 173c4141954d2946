//! Mish.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x tanh(ln(1 + eˣ))` ([Misra 2019](https://arxiv.org/abs/1908.08681)). In the right tail φ'' feels the rounding of ln(1 + eˣ). At −∞ it is NaN, and at ±∞
/// a derivative may be.
#[track_caller]
#[must_use]
pub fn mish(x: Var) -> Var {
    LIBRARY.nonlinear_scope("mish", || x * x.softplus().tanh())
}

//! Mish.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x tanh(ln(1 + eˣ))` ([Misra 2019](https://arxiv.org/abs/1908.08681)). In the right tail φ'' feels the rounding of ln(1 + eˣ). At −∞ it is NaN, and at ±∞
/// a derivative may be.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::mish;
/// let y = compile(|x: Var| mish(x)).call(tensor![0.0, 100.0])?;
/// assert_eq!(y, tensor![0.0, 100.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn mish(x: Var) -> Var {
    LIBRARY.nonlinear_scope("mish", || x * x.softplus().tanh())
}

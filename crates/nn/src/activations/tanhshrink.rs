//! What tanh takes off.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x − tanh x`; `φ' = tanh² x`, `φ'' = 2 tanh x sech² x`. Near 0, where it is x³/3, value and slope have the absolute accuracy of
/// x and 1: they are differences.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::tanhshrink;
/// let y = compile(|x: Var| tanhshrink(x)).call(tensor![0.0, 100.0])?;
/// assert_eq!(y, tensor![0.0, 99.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn tanhshrink(x: Var) -> Var {
    LIBRARY.nonlinear_scope("tanhshrink", || x - x.tanh())
}

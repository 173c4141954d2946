//! GELU by its tanh approximation, as GPT-2 and many after it have it.

use std::f64::consts::PI;

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// Beyond this, σ(2u) is 0 or 1 in both float types, and its derivatives are 0.
const END: f64 = 64.0;

/// `½ x (1 + tanh u) = x σ(2u)` with `u = √(2/π) (x + 0.044715 x³)` ([Hendrycks & Gimpel 2016], §2): within 5e-4 of [`gelu`](super::gelu()).
///
/// Written by σ it keeps its relative accuracy in the left tail, up to what the rounding of u makes there, |2u| half units in the last place.
/// At −∞ it is NaN, and at ±∞ a derivative may be.
///
/// [Hendrycks & Gimpel 2016]: https://arxiv.org/abs/1606.08415
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad}};
/// use quadric_nn::activations::gelu_tanh;
/// assert_eq!(grad(|x: Var| gelu_tanh(x).sum(), &tensor![0.0])?, tensor![0.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn gelu_tanh(x: Var) -> Var {
    LIBRARY.nonlinear_scope("gelu-tanh", || {
        // The cube of what is beyond would overflow where σ is long constant.
        let t = x.clamp(-END, END);
        let twice_u = (t + t * t * t * 0.044715) * (2.0 * (2.0 / PI).sqrt());
        x * twice_u.logistic()
    })
}

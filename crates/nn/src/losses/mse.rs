//! Half the squared distance.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `ℓ(z, y) = ½ ‖z − y‖²` for each example: summed over the outputs, with the ½, so that `H_z = I`.
///
/// # Shapes
/// `outputs: [B, C]`, `targets: [B, C]`, result `[B]`.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// let mut loss = compile(|(z, y): (Var, Var)| quadric_nn::mse(z, y));
/// assert_eq!(loss.call((tensor![[3.0, 4.0]], tensor![[0.0, 0.0]]))?, tensor![12.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn mse(outputs: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("mse", || {
        let error = outputs - targets;
        (error * error).sum_axes(&[-1]) * 0.5
    })
}

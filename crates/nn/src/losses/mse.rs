//! Squared distances.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::check;
use crate::LIBRARY;

/// `ℓ(z, y) = ½ ‖z − y‖²` for each example: summed over the outputs, with the ½, so that `H_z = I`. Torch's `mse_loss` is the mean of [`squared_error`].
///
/// # Shapes
/// `outputs: […, C]`, `targets: […, C]`, result `[…]`: `[B, C]` and `[B]`. Of outputs `[B]` the sum would be over the examples.
///
/// # Errors
/// Stops the trace if the two differ in type, or have fewer than two axes.
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
        check::alike("mse", ("outputs", outputs), ("targets", targets));
        if outputs.shape().rank() < 2 {
            let what = format!(
                "mse: outputs [B, C] are needed, whose rows are summed over, they are {}; of a number for each example take \
                 losses::squared_error, or outputs [B, 1]",
                outputs.ty()
            );
            stop(Error::new(ErrorKind::Shape, what));
        }
        let error = outputs - targets;
        (error * error).sum_axes(&[-1]) * 0.5
    })
}

/// `ℓ(z, y) = (z − y)²` for each *entry*; its `.mean()` is torch's `mse_loss`.
///
/// # Shapes
/// `outputs` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::squared_error;
/// let mut loss = compile(|(z, y): (Var, Var)| squared_error(z, y));
/// assert_eq!(loss.call((tensor![3.0, 4.0], tensor![0.0, 2.0]))?, tensor![9.0, 4.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn squared_error(outputs: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("squared_error", || {
        check::alike("squared_error", ("outputs", outputs), ("targets", targets));
        let error = outputs - targets;
        error * error
    })
}

//! Huber's loss: squares near 0, absolute values beyond.

use quadric_autodiff::trace::{Var, select};

use super::check;
use crate::LIBRARY;
use crate::activations::check_positive;

/// `ℓ(e) = ½ e²` for |e| ≤ δ, `δ (|e| − ½ δ)` beyond, `e = z − y`, for each *entry* ([Huber 1964]); its `.mean()` is torch's `huber_loss`. At the kinks of its derivative
/// the second derivative is that from inside, 1.
///
/// [Huber 1964]: https://doi.org/10.1214/aoms/1177703732
///
/// # Shapes
/// `outputs` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type, or δ is not finite and above 0 in their dtype.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::huber;
/// let mut loss = compile(|(z, y): (Var, Var)| huber(z, y, 1.0));
/// assert_eq!(loss.call((tensor![0.5, -3.0], tensor![0.0, 0.0]))?, tensor![0.125, 2.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn huber(outputs: Var, targets: Var, delta: f64) -> Var {
    LIBRARY.nonlinear_scope("huber", || {
        check::alike("huber", ("outputs", outputs), ("targets", targets));
        check_positive("huber", "delta", delta, outputs.dtype());
        bent(outputs - targets, delta)
    })
}

/// `ℓ(e) = ½ e²/β` for |e| ≤ β, `|e| − ½ β` beyond, `e = z − y`, for each *entry* ([Girshick 2015], where β = 1): Huber's loss over β. Its `.mean()` is torch's
/// `smooth_l1_loss`; for β = 0 it is [`l1`](super::l1()).
///
/// [Girshick 2015]: https://arxiv.org/abs/1504.08083
///
/// # Shapes
/// `outputs` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type, or β is below 0, or neither 0 nor finite and above 0 in their dtype.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::smooth_l1;
/// let mut loss = compile(|(z, y): (Var, Var)| smooth_l1(z, y, 0.5));
/// assert_eq!(loss.call((tensor![0.5, -3.0], tensor![0.0, 0.0]))?, tensor![0.25, 2.75]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn smooth_l1(outputs: Var, targets: Var, beta: f64) -> Var {
    LIBRARY.nonlinear_scope("smooth_l1", || {
        check::alike("smooth_l1", ("outputs", outputs), ("targets", targets));
        check::setting("smooth_l1", beta >= 0.0, || format!("beta must not be below 0, it is {beta}"));
        if beta > 0.0 {
            check_positive("smooth_l1", "beta", beta, outputs.dtype());
        }
        let error = outputs - targets;
        if beta == 0.0 { error.abs() } else { bent(error, beta) / beta }
    })
}

#[track_caller]
fn bent(error: Var, delta: f64) -> Var {
    let is_inside = error.abs().le(delta);
    // The square of what is far outside would overflow where it is not selected.
    let inside = select(is_inside, error, 0.0);
    select(is_inside, inside * inside * 0.5, (error.abs() - 0.5 * delta) * delta)
}

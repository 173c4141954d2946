//! Softmax cross-entropy with integer labels.

use quadric_autodiff::trace::Var;

use super::softmax::shifted;
use crate::LIBRARY;

/// `ℓ(z, y) = ln Σ_c exp(z_c) − z_y` for each example.
///
/// `∇_z ℓ = p − e_y` and `H_z = diag(p) − p pᵀ` with `p = softmax(z)`: there is no label in the curvature of the loss.
///
/// # Shapes
/// `logits: [B, C]`, `labels: i32[B]`, result `[B]`.
///
/// # Errors
/// Stops the trace if the shapes disagree or the labels are no integers; a label outside `0..C` is an error of the run.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// let mut loss = compile(|(z, y): (Var, Var)| quadric_nn::cross_entropy(z, y));
/// let value = loss.call((tensor![[0.0, 0.0]], tensor![1]))?;
/// assert!((value.item() - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn cross_entropy(logits: Var, labels: Var) -> Var {
    LIBRARY.nonlinear_scope("cross_entropy", || {
        let batch = logits.shape().first().copied().unwrap_or(1);
        let (shifted, log_sum) = shifted(logits);
        let right = shifted.gather_along(labels.reshape([batch, 1]), -1);
        (log_sum - right).reshape([batch])
    })
}

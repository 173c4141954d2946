//! Softmax cross-entropy with integer labels.

use quadric_autodiff::trace::{Var, iota, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use crate::LIBRARY;

/// `ℓ(z, y) = ln Σ_c exp(z_c) − z_y` for each example.
///
/// `∇_z ℓ = p − e_y` and `H_z = diag(p) − p pᵀ` with `p = softmax(z)`: there is no label in the curvature of the loss. It is evaluated
/// as `softplus(t)`, `t = ln Σ_{c≠y} exp(z_c) − z_y`, which never takes 1 − p: the loss, the gradient and the Hessian of a confident example
/// keep their digits, and rows of the Hessian sum to 0. A class whose logit is −∞ has no part in it.
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`, result `[…]`: `[B, C]` and `[B]`, or `[B, T, C]` and `[B, T]`.
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
        let (z, y) = (logits.ty(), labels.ty());
        if z.shape.rank() == 0 || y.shape[..] != z.shape[..z.shape.rank() - 1] {
            let what = format!("cross_entropy: a label for each row of the logits {z} is needed, the labels are {y}");
            stop(Error::new(ErrorKind::Shape, what));
        }
        if y.dtype != DType::I32 {
            stop(Error::new(ErrorKind::DType, format!("cross_entropy: the labels are {y}, i32 is needed")));
        }
        let label = labels.expand_dims(&[-1]);
        let right = logits.gather_along(label, -1).reshape(&y.shape);
        let is_right = iota(DType::I32, &z.shape, -1).equal(label);
        let others = select(is_right, f64::NEG_INFINITY, logits).logsumexp(&[-1]);
        (others - right).softplus()
    })
}

//! Cross-entropy with probabilities in place of labels.

use quadric_autodiff::trace::{Var, select};

use super::{check, log_softmax};
use crate::LIBRARY;

/// `ℓ(z, q) = −Σ_c q_c ln p_c`, `p = softmax(z)`, for each example: labels that are soft, mixed, or a teacher's. Differentiated with respect to both.
///
/// `∇_z ℓ = (Σ q) p − q` and `∇_q ℓ = −ln p`. A class whose logit is −∞ has no part in it if its q is 0; otherwise the loss is ∞.
///
/// # Shapes
/// `logits` and `probabilities: […, C]`, result `[…]`.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::cross_entropy_with_probabilities;
/// let mut loss = compile(|(z, q): (Var, Var)| cross_entropy_with_probabilities(z, q));
/// let value = loss.call((tensor![[0.0, 0.0]], tensor![[0.3, 0.7]]))?;
/// assert!((value.item() - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn cross_entropy_with_probabilities(logits: Var, probabilities: Var) -> Var {
    LIBRARY.nonlinear_scope("cross_entropy_with_probabilities", || {
        let name = "cross_entropy_with_probabilities";
        check::alike(name, ("logits", logits), ("probabilities", probabilities));
        check::has_rows(name, "logits", logits);
        expected(probabilities, -log_softmax(logits)).sum_axes(&[-1])
    })
}

/// `q · cost`, but 0 for an infinite cost that has probability 0.
#[track_caller]
pub(super) fn expected(q: Var, cost: Var) -> Var {
    let is_infinite = cost.equal(f64::INFINITY);
    let finite = q * select(is_infinite, 0.0, cost);
    select(is_infinite.and(q.gt(0.0)), f64::INFINITY, finite)
}

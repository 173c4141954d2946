//! The divergence of Kullback and Leibler.

use quadric_autodiff::trace::{Var, select};

use super::check;
use super::soft_cross_entropy::expected;
use crate::LIBRARY;

/// `D(q ‖ p) = Σ_c q_c (ln q_c − ln p_c)` for each example ([Kullback & Leibler 1951]), of log-probabilities, as [`log_softmax`](super::log_softmax) gives them, and target
/// probabilities; of `[B, C]` its `.mean()` is torch's `kl_div` with `batchmean`, which divides by B whatever
/// the shape is: of `[B, T, C]` that is `.sum() / B`, T times the mean. Differentiated with respect to both.
///
/// A class with q = 0 adds 0, whatever its p is, and its derivative with respect to q is that of −q ln p alone: the other, ln q + 1, is −∞.
///
/// [Kullback & Leibler 1951]: https://doi.org/10.1214/aoms/1177729694
///
/// # Shapes
/// `log_p` and `targets: […, C]`, result `[…]`.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::kl_divergence;
/// let mut loss = compile(|(log_p, q): (Var, Var)| kl_divergence(log_p, q));
/// let half = 0.5f64.ln();
/// let value = loss.call((tensor![[half, half]], tensor![[1.0, 0.0]]))?;
/// assert!((value.item() - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn kl_divergence(log_p: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("kl_divergence", || {
        check::alike("kl_divergence", ("log-probabilities", log_p), ("targets", targets));
        check::has_rows("kl_divergence", "log-probabilities", log_p);
        let is_nothing = targets.equal(0.0);
        let log_q = select(is_nothing, 1.0, targets).log();
        (targets * log_q + expected(targets, -log_p)).sum_axes(&[-1])
    })
}

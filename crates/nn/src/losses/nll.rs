//! Negative log-likelihood of log-probabilities.

use quadric_autodiff::trace::Var;

use super::check;
use crate::LIBRARY;

/// `ℓ = −ln p_y` of log-probabilities, as [`log_softmax`](super::log_softmax) gives them. Of logits, [`cross_entropy`](super::cross_entropy()) keeps more digits.
///
/// # Shapes
/// `log_p: […, C]`, `labels: i32[…]`, result `[…]`.
///
/// # Errors
/// Those of [`cross_entropy`](super::cross_entropy()).
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::nll;
/// let mut loss = compile(|(z, y): (Var, Var)| nll(z, y));
/// assert_eq!(loss.call((tensor![[-0.5, -1.5]], tensor![1]))?, tensor![1.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn nll(log_p: Var, labels: Var) -> Var {
    LIBRARY.nonlinear_scope("nll", || {
        check::labels("nll", "log-probabilities", log_p, labels);
        -log_p.gather_along(labels.expand_dims(&[-1]), -1).reshape(labels.shape())
    })
}

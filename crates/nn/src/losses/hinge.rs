//! Hinge losses: the right answer by a margin.

use quadric_autodiff::DType;
use quadric_autodiff::trace::{Var, iota, select};

use super::check;
use crate::LIBRARY;
use crate::activations::positive_part;

/// `ℓ(s, y) = max(1 − y s, 0)` for each *entry*, of scores and targets ±1 ([Cortes & Vapnik 1995]). At the kink the derivative is 0.
///
/// [Cortes & Vapnik 1995]: https://doi.org/10.1007/BF00994018
///
/// # Shapes
/// `scores` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::hinge;
/// let mut loss = compile(|(z, y): (Var, Var)| hinge(z, y));
/// assert_eq!(loss.call((tensor![0.5, -2.0, 3.0], tensor![1.0, 1.0, 1.0]))?, tensor![0.5, 3.0, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn hinge(scores: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("hinge", || {
        check::alike("hinge", ("scores", scores), ("targets", targets));
        positive_part(1.0 - targets * scores)
    })
}

/// `ℓ(z, y) = 1/C Σ_{c≠y} max(m − z_y + z_c, 0)^k` for each example, k 1 or 2 ([Crammer & Singer 2001] have the largest term in place of the sum); its `.mean()` is
/// torch's `multi_margin_loss`, whose defaults are k = 1, m = 1. At a kink the derivative is 0.
///
/// [Crammer & Singer 2001]: https://www.jmlr.org/papers/v2/crammer01a.html
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`, result `[…]`.
///
/// # Errors
/// Those of [`cross_entropy`](super::cross_entropy()); and the power must be 1 or 2.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::multi_margin;
/// let mut loss = compile(|(z, y): (Var, Var)| multi_margin(z, y, 1, 1.0));
/// assert_eq!(loss.call((tensor![[0.0, 1.0], [5.0, 1.0]], tensor![0, 0]))?, tensor![1.0, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn multi_margin(logits: Var, labels: Var, power: i32, margin: f64) -> Var {
    LIBRARY.nonlinear_scope("multi_margin", || {
        check::labels("multi_margin", "logits", logits, labels);
        check::setting("multi_margin", matches!(power, 1 | 2), || format!("the power is {power}, 1 or 2 is needed"));
        let (shape, label) = (logits.shape(), labels.expand_dims(&[-1]));
        let right = logits.gather_along(label, -1);
        let is_right = iota(DType::I32, &shape, -1).equal(label);
        let short = positive_part(logits - right + margin);
        let short = if power == 1 { short } else { short * short };
        select(is_right, 0.0, short).sum_axes(&[-1]) / shape[shape.rank() - 1] as f64
    })
}

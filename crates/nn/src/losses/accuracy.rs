//! How many are right.

use quadric_autodiff::trace::Var;

use super::check;
use crate::LIBRARY;

/// The share of examples whose largest logit is that of the label; of equal logits the first counts, and a NaN counts as the largest. No
/// derivative. A label that is no class, such as one that a loss ignores, is never right and counts in the share: leave such examples out before.
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`, result a scalar of the logits' dtype.
///
/// # Errors
/// Stops the trace if the shapes disagree or the labels are no integers.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// let mut share = compile(|(z, y): (Var, Var)| quadric_nn::accuracy(z, y));
/// assert_eq!(share.call((tensor![[0.0, 1.0], [2.0, 1.0]], tensor![1, 1]))?.item(), 0.5);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn accuracy(logits: Var, labels: Var) -> Var {
    LIBRARY.scope("accuracy", || {
        check::labels("accuracy", "logits", logits, labels);
        logits.argmax(-1).equal(labels).convert(logits.dtype()).mean()
    })
}

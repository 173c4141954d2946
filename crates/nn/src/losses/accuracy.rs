//! How many are right.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// The share of examples whose largest logit is that of the label; of equal logits the first counts, and a NaN counts as the largest. No
/// derivative.
///
/// # Shapes
/// `logits: [B, C]`, `labels: i32[B]`, result a scalar of the logits' dtype.
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
    LIBRARY.scope("accuracy", || logits.argmax(-1).equal(labels).convert(logits.dtype()).mean())
}

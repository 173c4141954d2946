//! How many are right.

use quadric_autodiff::DType;
use quadric_autodiff::trace::Var;

use super::{Labels, Metric, mean};
use crate::LIBRARY;
use crate::losses::Weighted;

/// The share of examples whose largest logit is that of the label; of equal logits the first counts, and a NaN counts as the largest. A label
/// that is no class counts as missed, unless it is ignored. NaN if nothing was counted.
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`.
///
/// # Errors
/// Stops the trace if shapes disagree or the labels are no integers.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::{Metrics, accuracy};
/// let mut measure = compile(|(z, y): (Var, Var)| Metrics::new().with("accuracy", accuracy(z, y)));
/// let half = measure.call((tensor![[0.0, 1.0], [2.0, 1.0]], tensor![1, 1]))?;
/// assert_eq!(half.get("accuracy"), Some(0.5));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn accuracy(logits: Var, labels: impl Into<Labels>) -> Metric<Var> {
    LIBRARY.nonlinear_scope("accuracy", || {
        let (logits, labels, weights) = labels.into().against("accuracy", logits);
        let right = logits.argmax(-1).equal(labels).convert(DType::F64);
        mean(Weighted { values: right * weights, weights })
    })
}

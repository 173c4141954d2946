//! How often the label is among the k best.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use super::{Labels, Metric, mean};
use crate::LIBRARY;
use crate::losses::Weighted;

/// The share of examples whose label is among the `k` largest logits, as [`Var::top_k`] orders them: of equal ones the first. A label that is no class
/// counts as missed, unless it is ignored. NaN if nothing was counted.
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`.
///
/// # Errors
/// Stops the trace if shapes disagree, the labels are no integers, or k is not in `1..=C`.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::{Metrics, top_k};
/// let mut measure = compile(|(z, y): (Var, Var)| Metrics::new().with("top 2", top_k(z, y, 2)));
/// let z = tensor![[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]];
/// assert_eq!(measure.call((z, tensor![1, 0]))?.get("top 2"), Some(0.5));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn top_k(logits: Var, labels: impl Into<Labels>, k: usize) -> Metric<Var> {
    LIBRARY.nonlinear_scope("top_k", || {
        let (logits, labels, weights) = labels.into().against("top_k", logits);
        if k == 0 || k > logits.shape()[1] {
            let what = format!("top_k: {k} of the {} classes of logits {}", logits.shape()[1], logits.ty());
            stop(Error::new(ErrorKind::Shape, what));
        }
        let (_, best) = logits.top_k(k, -1);
        let right = best.equal(labels.expand_dims(&[-1])).convert(DType::F64).sum_axes(&[-1]);
        mean(Weighted { values: right * weights, weights })
    })
}

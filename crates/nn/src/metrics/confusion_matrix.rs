//! Which class is taken for which.

use quadric_autodiff::trace::Var;

use super::{Labels, Metric, Rule};
use crate::LIBRARY;

#[derive(Debug)]
struct Confusion;

impl Rule for Confusion {
    fn results(&self, _: &[Vec<f64>]) -> Vec<(String, f64)> {
        vec![]
    }
}

/// How often label i was predicted as class j: entry (i, j) of the total `f64[C, C]`, as scikit-learn has it.
///
/// A table is no number, so it has no result in records; its totals are read from [`Metric::totals`].
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`.
///
/// # Errors
/// Stops the trace if shapes disagree or the labels are no integers; a label outside `0..C` that is not ignored is an error of the run.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::confusion_matrix;
/// let mut count = compile(|(z, y): (Var, Var)| confusion_matrix(z, y));
/// let counts = count.call((tensor![[0.0, 1.0], [2.0, 1.0], [0.0, 1.0]], tensor![1, 0, 0]))?;
/// assert_eq!(counts.totals, [tensor![[1.0, 1.0], [0.0, 1.0]]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn confusion_matrix(logits: Var, labels: impl Into<Labels>) -> Metric<Var> {
    LIBRARY.nonlinear_scope("confusion_matrix", || {
        let (logits, labels, weights) = labels.into().against("confusion_matrix", logits);
        let classes = logits.shape()[1];
        // Row by row, so that a label outside the classes is an index outside an axis and not another cell.
        let row = logits.argmax(-1).one_hot(classes, weights.dtype()) * weights.expand_dims(&[-1]);
        Metric::new(Confusion, vec![row.scatter_add(labels, 0, classes)])
    })
}

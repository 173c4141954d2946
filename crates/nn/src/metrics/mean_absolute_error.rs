//! How far off numbers are.

use quadric_autodiff::trace::Var;

use super::{Metric, mean};
use crate::LIBRARY;
use crate::losses::l1;

/// `Σ |ŷ − y| / n` over all entries; with weights, the [`mean()`](super::mean()) of weighted errors.
///
/// # Errors
/// Stops the trace if the two are not alike.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::{Metrics, mean_absolute_error};
/// let mut measure = compile(|(x, y): (Var, Var)| Metrics::new().with("error", mean_absolute_error(x, y)));
/// assert_eq!(measure.call((tensor![1.0, 2.0], tensor![2.0, 0.0]))?.get("error"), Some(1.5));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn mean_absolute_error(prediction: Var, target: Var) -> Metric<Var> {
    LIBRARY.nonlinear_scope("mean_absolute_error", || mean(l1(prediction, target)))
}

//! Means of losses, or of anything.

use quadric_autodiff::DType;
use quadric_autodiff::trace::Var;

use super::{Metric, Rule, share};
use crate::LIBRARY;
use crate::losses::Weighted;

#[derive(Debug)]
struct Mean;

impl Rule for Mean {
    fn results(&self, totals: &[Vec<f64>]) -> Vec<(String, f64)> {
        vec![(String::new(), share(totals[0][0], totals[1][0]))]
    }
}

/// `Σ w_i x_i / Σ w_i` over all examples, summed in `f64`; of plain numbers each counts alike.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::{Metrics, mean};
/// let mut measure = compile(|x: Var| Metrics::new().with("mean", mean(x)));
/// let mut all = measure.call(tensor![1.0, 2.0, 3.0])?;
/// all.absorb(&measure.call(tensor![10.0])?)?;
/// assert_eq!(all.get("mean"), Some(4.0)); // and not (2 + 10) / 2
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn mean(of: impl Into<Weighted<Var>>) -> Metric<Var> {
    LIBRARY.nonlinear_scope("mean", || {
        let [sum, weight] = totals(of);
        Metric::new(Mean, vec![sum, weight])
    })
}

/// `Σ w_i x_i` and `Σ w_i` in `f64`.
#[track_caller]
pub(super) fn totals(of: impl Into<Weighted<Var>>) -> [Var; 2] {
    LIBRARY.enter(|| {
        let of = of.into();
        [of.values.convert(DType::F64).sum(), of.weights.convert(DType::F64).sum()]
    })
}

//! Precision, recall and their harmonic mean.

use quadric_autodiff::Static;
use quadric_autodiff::trace::Var;

use super::{Labels, Metric, Rule, share};
use crate::LIBRARY;

/// Over what precision and recall are taken.
#[derive(Static, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The plain mean of the classes' values, of those that have one.
    Macro,
    /// All examples at once; with one label for each all three are the accuracy.
    Micro,
    /// Each class by itself: `precision.0`, `recall.0`, `f1.0`, ….
    Classes,
}

impl Rule for Over {
    fn results(&self, totals: &[Vec<f64>]) -> Vec<(String, f64)> {
        let [right, predicted, actual] = totals else { unreachable!("three totals were made") };
        let three = |right: f64, predicted: f64, actual: f64| {
            [share(right, predicted), share(right, actual), share(2.0 * right, predicted + actual)]
        };
        let of = |class: usize| three(right[class], predicted[class], actual[class]);
        let classes = 0..right.len();
        let name = ["precision", "recall", "f1"];
        match self {
            Over::Micro => {
                let sum = |x: &[f64]| x.iter().sum::<f64>();
                let values = three(sum(right), sum(predicted), sum(actual));
                name.iter().zip(values).map(|(name, x)| (name.to_string(), x)).collect()
            }
            Over::Macro => {
                let mean = |which: usize| {
                    let values: Vec<f64> =
                        classes.clone().map(|class| of(class)[which]).filter(|x| !x.is_nan()).collect();
                    share(values.iter().sum(), values.len() as f64)
                };
                (0..3).map(|which| (name[which].to_string(), mean(which))).collect()
            }
            Over::Classes => {
                let one =
                    |class: usize| (0..3).map(move |which| (format!("{}.{class}", name[which]), of(class)[which]));
                classes.flat_map(one).collect()
            }
        }
    }
}

/// Precision (of the examples that were said to be of a class, the share that is), recall (of those that are, the share that was said to be), and
/// F₁ = 2 right / (predicted + actual).
///
/// The precision of a class that was never predicted is NaN, as is the recall of one that never occurred and the F₁ of one that did neither; the
/// macro means leave these out (scikit-learn's `zero_division=nan`; its default of 0 calls a class that is not in the data a failure).
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
/// use quadric_nn::metrics::{Metrics, Over, precision_recall_f1};
/// let mut measure = compile(|(z, y): (Var, Var)| Metrics::new().with("", precision_recall_f1(z, y, Over::Classes)));
/// let all = measure.call((tensor![[0.0, 1.0], [2.0, 1.0], [0.0, 1.0]], tensor![1, 0, 0]))?;
/// assert_eq!((all.get("precision.1"), all.get("recall.1"), all.get("f1.1")), (Some(0.5), Some(1.0), Some(2.0 / 3.0)));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn precision_recall_f1(logits: Var, labels: impl Into<Labels>, over: Over) -> Metric<Var> {
    LIBRARY.nonlinear_scope("precision_recall_f1", || {
        let (logits, labels, weights) = labels.into().against("precision_recall_f1", logits);
        let classes = logits.shape()[1];
        let prediction = logits.argmax(-1);
        let right = prediction.equal(labels).convert(weights.dtype()) * weights;
        let count = |what: Var, of: Var| what.scatter_add(of, 0, classes);
        Metric::new(over, vec![count(right, labels), count(weights, prediction), count(weights, labels)])
    })
}

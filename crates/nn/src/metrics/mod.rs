//! Metrics: what a model is measured by, exact over batches of unequal size; a metric a file.
//!
//! A mean of batches' means is the mean of nothing when batches differ in size or examples in weight. So a metric is *totals* inside the compiled
//! step ([`Metric`], sums in `f64`, which hold counts to 2⁵³ exactly), totals of batches are put together on the host
//! ([`Metrics::absorb`]), and the quotient is taken once, at the end ([`Metrics::results`]).
//!
//! Labels may be ignored or weighted ([`Labels`]). Where nothing was counted a result is NaN; what that means for a class is said by each metric.
//!
//! | of | metrics |
//! |---|---|
//! | classes | [`accuracy()`], [`top_k()`], [`precision_recall_f1`], [`confusion_matrix`] |
//! | losses | [`mean()`], [`perplexity()`] |
//! | numbers | [`mean_absolute_error`], [`r2()`] |
//!
//! # Example
//! ```
//! use quadric_autodiff::{tensor, trace::{Var, compile}};
//! use quadric_nn::metrics::{Labels, Metrics, accuracy};
//! let mut measure = compile(|(z, y): (Var, Var)| Metrics::new().with("accuracy", accuracy(z, Labels::new(y).ignore(-1))));
//! // 1 of 1 counted, and 1 of 2: 2 of 3, where the mean of the two shares is 3/4.
//! let mut all = measure.call((tensor![[0.0, 1.0], [0.0, 1.0]], tensor![1, -1]))?;
//! all.absorb(&measure.call((tensor![[0.0, 1.0], [0.0, 1.0]], tensor![0, 1]))?)?;
//! assert_eq!(all.results(), [("accuracy".to_string(), 2.0 / 3.0)]);
//! # Ok::<(), quadric_autodiff::Error>(())
//! ```

mod accuracy;
mod confusion_matrix;
mod labels;
mod mean;
mod mean_absolute_error;
mod perplexity;
mod precision_recall_f1;
mod r2;
mod top_k;

pub use accuracy::accuracy;
pub use confusion_matrix::confusion_matrix;
pub use labels::Labels;
pub use mean::mean;
pub use mean_absolute_error::mean_absolute_error;
pub use perplexity::perplexity;
pub use precision_recall_f1::{Over, precision_recall_f1};
pub use r2::r2;
pub use top_k::top_k;

use std::fmt;
use std::sync::Arc;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Error, ErrorKind, Static, Tensor, Tree};

use crate::LIBRARY;

/// How totals become results, and totals of two batches those of both. A metric of one's own implements it.
pub trait Rule: fmt::Debug + Send + Sync {
    /// The results, each with what is put behind the metric's name (nothing, if there is one result only).
    fn results(&self, totals: &[Vec<f64>]) -> Vec<(String, f64)>;

    /// Puts the totals of another batch to these: sums, unless a rule knows better.
    fn absorb(&self, totals: &mut [Vec<f64>], others: &[Vec<f64>]) {
        for (total, other) in totals.iter_mut().zip(others) {
            total.iter_mut().zip(other).for_each(|(total, other)| *total += other);
        }
    }
}

/// A [`Rule`] as a static part of a tree.
#[derive(Clone)]
struct Shared(Arc<dyn Rule>);

impl Static for Shared {}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Totals of one metric over some examples: a tree, so that a compiled step returns it.
///
/// # A metric of one's own
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::metrics::{Metric, Metrics, Rule};
/// #[derive(Debug)]
/// struct RootMeanSquare;
/// impl Rule for RootMeanSquare {
///     fn results(&self, totals: &[Vec<f64>]) -> Vec<(String, f64)> {
///         vec![(String::new(), (totals[0][0] / totals[1][0]).sqrt())]
///     }
/// }
/// let rms = |x: Var| Metric::new(RootMeanSquare, vec![(x * x).sum(), x.number(x.shape().size() as f64)]);
/// let totals = compile(|x: Var| Metrics::new().with("rms", rms(x))).call(tensor![3.0, -3.0])?;
/// assert_eq!(totals.get("rms"), Some(3.0));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug)]
pub struct Metric<T = Tensor> {
    rule: Shared,
    /// The totals, `f64`.
    pub totals: Vec<T>,
}

impl Metric<Var> {
    /// Totals of any shapes and their rule; no derivative passes through them.
    #[track_caller]
    pub fn new(rule: impl Rule + 'static, totals: Vec<Var>) -> Metric<Var> {
        LIBRARY.enter(|| {
            let totals = totals.into_iter().map(|total| total.convert(DType::F64).stop_gradient()).collect();
            Metric { rule: Shared(Arc::new(rule)), totals }
        })
    }
}

impl Metric<Tensor> {
    /// The results, each with what is put behind the metric's name.
    pub fn results(&self) -> Vec<(String, f64)> {
        self.rule.0.results(&self.numbers())
    }

    fn numbers(&self) -> Vec<Vec<f64>> {
        self.totals.iter().map(Tensor::to_f64_vec).collect()
    }
}

/// Metrics by name: what a step measures.
#[derive(Tree, Clone, Debug)]
pub struct Metrics<T = Tensor> {
    names: Vec<String>,
    metrics: Vec<Metric<T>>,
}

impl<T> Default for Metrics<T> {
    fn default() -> Metrics<T> {
        Metrics { names: vec![], metrics: vec![] }
    }
}

impl<T> Metrics<T> {
    /// None.
    pub fn new() -> Metrics<T> {
        Metrics::default()
    }

    /// And another one. Of two of one name the results stand one after the other; give each its own.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, metric: Metric<T>) -> Metrics<T> {
        self.names.push(name.into());
        self.metrics.push(metric);
        self
    }

    /// These, and then those.
    #[must_use]
    pub fn and(mut self, others: Metrics<T>) -> Metrics<T> {
        self.names.extend(others.names);
        self.metrics.extend(others.metrics);
        self
    }

    /// The metrics and their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Metric<T>)> {
        self.names.iter().map(String::as_str).zip(&self.metrics)
    }
}

impl Metrics<Tensor> {
    /// The results by name: `accuracy`, or `test.precision` of a metric with several.
    pub fn results(&self) -> Vec<(String, f64)> {
        let of = |(name, metric): (&str, &Metric)| {
            let full = move |(part, x): (String, f64)| match (name, &*part) {
                (name, "") => (name.to_owned(), x),
                ("", part) => (part.to_owned(), x),
                (name, part) => (format!("{name}.{part}"), x),
            };
            metric.results().into_iter().map(full).collect::<Vec<_>>()
        };
        self.iter().flat_map(of).collect()
    }

    /// The result of that name, if there is one.
    pub fn get(&self, result: &str) -> Option<f64> {
        self.results().into_iter().find(|(name, _)| name == result).map(|(_, x)| x)
    }

    /// Puts the totals of other examples to these; afterwards they are those of all.
    ///
    /// # Errors
    /// [`ErrorKind::Arity`] if the metrics or their settings differ, [`ErrorKind::Shape`] if totals do (another number of classes).
    pub fn absorb(&mut self, others: &Metrics) -> Result<(), Error> {
        let words = |metrics: &Metrics| {
            metrics.iter().map(|(name, metric)| format!("{name}: {:?}", metric.rule)).collect::<Vec<_>>()
        };
        if self.names != others.names || words(self) != words(others) {
            let (ours, theirs) = (words(self).join(", "), words(others).join(", "));
            let what = format!("metrics: the totals of one batch are ({ours}), those of another ({theirs})");
            return Err(Error::new(ErrorKind::Arity, what));
        }
        for ((name, metric), other) in self.names.iter().zip(&mut self.metrics).zip(&others.metrics) {
            if let Some((ours, theirs)) = metric.totals.iter().zip(&other.totals).find(|(a, b)| a.ty() != b.ty()) {
                let what = format!("metrics: totals of {name:?} are {} and {}", ours.ty(), theirs.ty());
                return Err(Error::new(ErrorKind::Shape, what));
            }
            let mut totals = metric.numbers();
            metric.rule.0.absorb(&mut totals, &other.numbers());
            for (total, numbers) in metric.totals.iter_mut().zip(totals) {
                *total = Tensor::new(total.shape().clone(), &numbers)?;
            }
        }
        Ok(())
    }
}

/// `a / b`, NaN where nothing was counted.
fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { f64::NAN } else { part / whole }
}

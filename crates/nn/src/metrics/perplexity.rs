//! Perplexity.

use quadric_autodiff::trace::Var;

use super::mean::totals;
use super::{Metric, Rule, share};
use crate::LIBRARY;
use crate::losses::Weighted;

#[derive(Debug)]
struct Perplexity;

impl Rule for Perplexity {
    fn results(&self, totals: &[Vec<f64>]) -> Vec<(String, f64)> {
        vec![(String::new(), share(totals[0][0], totals[1][0]).exp())]
    }
}

/// `exp(Σ w_i ℓ_i / Σ w_i)` of cross-entropies in nats: between how many symbols a language model wavers. The exponential is of the mean over
/// all tokens, and not a mean of batches' perplexities.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::{CrossEntropy, metrics::{Metrics, perplexity}};
/// let mut measure = compile(|(z, y): (Var, Var)| {
///     Metrics::new().with("perplexity", perplexity(CrossEntropy::new().ignore(-1).apply(z, y)))
/// });
/// let of_four = measure.call((tensor![[0.0, 0.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0]], tensor![2, -1]))?;
/// assert!((of_four.get("perplexity").unwrap() - 4.0).abs() < 1e-14);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn perplexity(losses: impl Into<Weighted<Var>>) -> Metric<Var> {
    LIBRARY.nonlinear_scope("perplexity", || {
        let [sum, weight] = totals(losses);
        Metric::new(Perplexity, vec![sum, weight])
    })
}

//! Losses of examples that do not all count the same.

use quadric_autodiff::trace::{Var, select};
use quadric_autodiff::{Tensor, Tree};

use crate::LIBRARY;

/// The losses of examples, each times its weight, and the weights: what is divided by in the mean is part of the loss.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::CrossEntropy;
/// // The mean over the two examples that are not ignored.
/// let mut loss = compile(|(z, y): (Var, Var)| CrossEntropy::new().ignore(-100).apply(z, y).mean());
/// let value = loss.call((tensor![[0.0, 0.0], [5.0, 1.0], [0.0, 0.0]], tensor![1, -100, 0]))?;
/// assert!((value.item() - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Weighted<T = Tensor> {
    /// `w_i ℓ_i`, one for each example.
    pub values: T,
    /// `w_i`; 0 for an example that is ignored.
    pub weights: T,
}

/// Losses that all count alike, with weights 1.
impl From<Var> for Weighted<Var> {
    #[track_caller]
    fn from(values: Var) -> Weighted<Var> {
        LIBRARY.enter(|| Weighted { values, weights: values.full_like(1.0) })
    }
}

impl Weighted<Var> {
    /// `Σ w_i ℓ_i / Σ w_i`, torch's mean of a weighted loss; 0 with all derivatives 0 if the weights sum to 0, where torch has NaN: a batch of which
    /// everything is ignored, or an empty one, moves nothing.
    #[track_caller]
    #[must_use]
    pub fn mean(&self) -> Var {
        LIBRARY.nonlinear_scope("weighted_mean", || {
            let weight = self.weights.sum();
            let is_nothing = weight.equal(0.0);
            select(is_nothing, 0.0, self.values.sum() / select(is_nothing, 1.0, weight))
        })
    }

    /// `Σ w_i ℓ_i`.
    #[track_caller]
    #[must_use]
    pub fn sum(&self) -> Var {
        LIBRARY.scope("weighted_sum", || self.values.sum())
    }
}

//! Softmax cross-entropy with integer labels.

use quadric_autodiff::trace::{Var, full, iota, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind};

use super::soft_cross_entropy::expected;
use super::{Weighted, check, log_softmax};
use crate::LIBRARY;

/// `ℓ(z, y) = ln Σ_c exp(z_c) − z_y` for each example.
///
/// `∇_z ℓ = p − e_y` and `H_z = diag(p) − p pᵀ` with `p = softmax(z)`: there is no label in the curvature of the loss. It is evaluated
/// as `softplus(t)`, `t = ln Σ_{c≠y} exp(z_c) − z_y`, which never takes 1 − p: the loss, the gradient and the Hessian of a confident example
/// keep their digits, and rows of the Hessian sum to 0. A class whose logit is −∞ has no part in it.
///
/// Smoothed labels, class weights and ignored labels: [`CrossEntropy`].
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`, result `[…]`: `[B, C]` and `[B]`, or `[B, T, C]` and `[B, T]`.
///
/// # Errors
/// Stops the trace if the shapes disagree or the labels are no integers; a label outside `0..C` is an error of the run.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// let mut loss = compile(|(z, y): (Var, Var)| quadric_nn::cross_entropy(z, y));
/// let value = loss.call((tensor![[0.0, 0.0]], tensor![1]))?;
/// assert!((value.item() - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn cross_entropy(logits: Var, labels: Var) -> Var {
    LIBRARY.nonlinear_scope("cross_entropy", || {
        check::labels("cross_entropy", "logits", logits, labels);
        deficit(logits, labels).softplus()
    })
}

/// `t = ln Σ_{c≠y} exp(z_c) − z_y`, of which `σ(t) = 1 − p_y` and `softplus(t) = −ln p_y`.
#[track_caller]
pub(super) fn deficit(logits: Var, labels: Var) -> Var {
    let label = labels.expand_dims(&[-1]);
    let right = logits.gather_along(label, -1).reshape(labels.shape());
    let is_right = iota(DType::I32, logits.shape(), -1).equal(label);
    let others = select(is_right, f64::NEG_INFINITY, logits).logsumexp(&[-1]);
    others - right
}

/// Softmax cross-entropy with torch's options: `ℓ = (1 − ε) w_y (−ln p_y) + (ε/C) Σ_c w_c (−ln p_c)`, and 0 for a label that is ignored.
///
/// Label smoothing is that of [Szegedy et al. 2015], §7. With smoothing a class whose logit is −∞ has a share of the label, and the loss is ∞,
/// unless the weight of the class is 0.
///
/// [Szegedy et al. 2015]: https://arxiv.org/abs/1512.00567
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::CrossEntropy;
/// let mut loss = compile(|(z, y, w): (Var, Var, Var)| {
///     CrossEntropy::new().smoothing(0.1).weights(w).ignore(-100).apply(z, y).mean()
/// });
/// let value = loss.call((tensor![[0.0, 0.0], [9.0, 2.0]], tensor![1, -100], tensor![1.0, 1.0]))?;
/// assert!((value.item() - 2f64.ln()).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct CrossEntropy {
    smoothing: f64,
    weights: Option<Var>,
    ignore: Option<i32>,
}

impl CrossEntropy {
    /// No smoothing, all classes alike, no label ignored: [`cross_entropy`].
    pub fn new() -> CrossEntropy {
        CrossEntropy::default()
    }

    /// The share ε of the label that is spread over all classes, 0 to 1.
    #[must_use]
    pub fn smoothing(mut self, share: f64) -> CrossEntropy {
        self.smoothing = share;
        self
    }

    /// A weight for each class, `[C]`. The mean divides by the sum of the labels' weights.
    #[must_use]
    pub fn weights(mut self, weights: Var) -> CrossEntropy {
        self.weights = Some(weights);
        self
    }

    /// The label whose examples do not count, often −100. It need be no class.
    #[must_use]
    pub fn ignore(mut self, label: i32) -> CrossEntropy {
        self.ignore = Some(label);
        self
    }

    /// The losses of the examples and their weights.
    ///
    /// # Shapes
    /// `logits: […, C]`, `labels: i32[…]`, values and weights `[…]`.
    ///
    /// # Errors
    /// Stops the trace if shapes disagree, the labels are no integers, or the smoothing is not in `0..=1`; a label outside `0..C` that is not ignored
    /// is an error of the run.
    #[track_caller]
    #[must_use]
    pub fn apply(&self, logits: Var, labels: Var) -> Weighted<Var> {
        LIBRARY.nonlinear_scope("cross_entropy", || {
            check::labels("cross_entropy", "logits", logits, labels);
            let share = self.smoothing;
            check::setting("cross_entropy", (0.0..=1.0).contains(&share), || {
                format!("the smoothing is {share}, a share from 0 to 1 is needed")
            });
            let (ty, rows) = (logits.ty(), labels.shape());
            let classes = ty.shape[ty.shape.rank() - 1];
            if let Some(weights) = self.weights
                && (weights.shape()[..] != [classes] || weights.dtype() != ty.dtype)
            {
                let what = format!(
                    "cross_entropy: a weight for each class of the logits {ty} is needed, the weights are {}",
                    weights.ty()
                );
                stop(Error::new(ErrorKind::Shape, what));
            }
            let ignored = self.ignore.map(|label| labels.equal(f64::from(label)));
            let labels = ignored.map_or(labels, |ignored| select(ignored, 0.0, labels));
            // A NaN among what is ignored would reach the derivative, times 0.
            let logits = ignored.map_or(logits, |ignored| select(ignored.expand_dims(&[-1]), 0.0, logits));

            let mut weights = match self.weights {
                Some(weights) => weights.gather(labels.reshape([rows.size()]), 0).reshape(&rows),
                None => full(ty.dtype, &rows, 1.0),
            };
            // A weight or a share of 0 leaves out an infinite cost too.
            let of_label = || {
                let cost = deficit(logits, labels).softplus();
                self.weights.map_or(cost, |_| expected(weights, cost))
            };
            let of_all = || {
                let costs = -log_softmax(logits);
                let costs = self.weights.map_or(costs, |weights| expected(weights.broadcast_to(costs.shape()), costs));
                costs.sum_axes(&[-1]) * (share / classes as f64)
            };
            let mut values = match share {
                0.0 => of_label(),
                1.0 => of_all(),
                _ => of_label() * (1.0 - share) + of_all(),
            };
            if let Some(ignored) = ignored {
                values = select(ignored, 0.0, values);
                weights = select(ignored, 0.0, weights);
            }
            Weighted { values, weights }
        })
    }
}

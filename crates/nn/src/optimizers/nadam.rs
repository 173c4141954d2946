//! Adam with Nesterov's momentum.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::{mean, root};
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// NAdam ([Dozat 2016]): [`Adam`](super::Adam) whose mean looks one step ahead. With
/// `μₜ = β₁ (1 − ½ · 0.96^(ψ t))`, `m ← β₁ m + (1−β₁) d`, `s ← β₂ s + (1−β₂) d²` and `ŝ = s/(1−β₂ᵗ)`,
/// `w ← w − rate · ((1−μₜ) d / (1 − μ₁⋯μₜ) + μₜ₊₁ m / (1 − μ₁⋯μₜ₊₁)) / (√ŝ + ε)`.
///
/// Defaults: β₁ = 0.9, β₂ = 0.999, ε = 1e-8, ψ = 4e-3; the usual rate is 2e-3. In the report m decays by μₜ; here, as in PyTorch, by the
/// constant β₁, and ψ is 1/250 in both. The decay is coupled and 0, or, with [`decoupled`](NAdam::decoupled), that of AdamW.
///
/// [Dozat 2016]: https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{NAdam, Optimizer};
/// let optimizer = NAdam::new();
/// let mut step = compile(|(w, state, rate): (Var, _, Var)| optimizer.update(&w, &(w * 2.0), &state, rate));
/// let (mut w, mut state) = (tensor![1.0], optimizer.init(&tensor![1.0]));
/// for _ in 0..200 {
///     (w, state) = step.call((w, state, Tensor::scalar(0.05)))?;
/// }
/// assert!(w.to_vec::<f64>()[0].abs() < 1e-2);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct NAdam {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square.
    pub beta2: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// ψ: how fast the momentum rises from half of β₁ to β₁.
    pub momentum_decay: f64,
    /// The weight of the decay.
    pub weight_decay: f64,
    /// Whether the decay is decoupled.
    pub decoupled: bool,
}

impl Default for NAdam {
    fn default() -> NAdam {
        NAdam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentum_decay: 4e-3, weight_decay: 0.0, decoupled: false }
    }
}

impl NAdam {
    /// With β₁ = 0.9, β₂ = 0.999, ε = 1e-8, ψ = 4e-3 and no decay.
    pub fn new() -> NAdam {
        NAdam::default()
    }

    /// With other decay rates of the two means.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> NAdam {
        NAdam { beta1, beta2, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With another ψ.
        momentum_decay: f64;
        /// With weight decay: coupled, unless `decoupled` is set.
        weight_decay: f64;
        /// Whether the decay is decoupled.
        decoupled: bool;
    }
}

impl Optimizer for NAdam {
    fn name(&self) -> &'static str {
        "nadam"
    }

    /// The two means, and the scalar `1 − μ₁⋯μₜ`.
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(), ty.clone(), Type::new(ty.dtype, [])]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = if self.decoupled { p.direction } else { p.decayed_direction(self.weight_decay) };
        let w = if self.decoupled { p.shrunk_value(self.weight_decay) } else { p.value };
        let (m, s) = (mean(p.moments[0], d, self.beta1), mean(p.moments[1], d * d, self.beta2));
        let momentum = |t: Var| p.of((1.0 - 0.5 * (t * (self.momentum_decay * 0.96f64.ln())).exp()) * self.beta1);
        let (now, next) = (momentum(p.step), momentum(p.step + 1.0));
        // The product itself would have to begin at 1. What it has lost begins at 0, and needs no difference of near numbers.
        let lost = |former: Var, factor: Var| (1.0 - factor) + factor * former;
        let gathered = lost(p.moments[2], now);
        let ahead = d * ((1.0 - now) / gathered) + m * (next / lost(gathered, next));
        let root = root(s / p.gathered(self.beta2));
        (w - ahead / (root + self.epsilon) * p.rate, vec![m, s, gathered])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("nadam", "beta1", self.beta1)?;
        below_one("nadam", "beta2", self.beta2)?;
        not_negative("nadam", "epsilon", self.epsilon)?;
        not_negative("nadam", "momentum_decay", self.momentum_decay)?;
        not_negative("nadam", "weight_decay", self.weight_decay)
    }
}

spoken!(NAdam, "nadam": beta1, beta2, epsilon, momentum_decay, weight_decay, decoupled);

//! Adam, and what its relatives share with it.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::{mean, root};
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// Adam ([Kingma & Ba 2015]): `m ← β₁ m + (1−β₁) d`, `s ← β₂ s + (1−β₂) d²`,
/// `w ← w − rate · m̂ / (√ŝ + ε)` with `m̂ = m/(1−β₁ᵗ)`, `ŝ = s/(1−β₂ᵗ)`, t counted from 1.
///
/// Defaults: β₁ = 0.9, β₂ = 0.999, ε = 1e-8; the paper's rate is 1e-3. The decay is coupled and 0 unless set: `d = direction + decay · w`, and
/// what is added is scaled as the gradient is. [`AdamW`](super::AdamW) has the decoupled one.
///
/// With [`amsgrad`](Adam::amsgrad) the denominator has the largest s so far in place of s ([Reddi et al. 2018]; as in PyTorch, the largest
/// is taken before the correction by 1−β₂ᵗ, which the paper does not have).
///
/// [Kingma & Ba 2015]: https://arxiv.org/abs/1412.6980
/// [Reddi et al. 2018]: https://openreview.net/forum?id=ryQu7f-RZ
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Adam, Optimizer};
/// let optimizer = Adam::new();
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// // The first step is as long as the rate in every entry, whatever the gradient.
/// let w = tensor![1.0, 1.0];
/// let (w, _) = step.call((w.clone(), tensor![100.0, -0.01], optimizer.init(&w), Tensor::scalar(0.1)))?;
/// assert!(w.to_vec::<f64>().iter().zip([0.9, 1.1]).all(|(w, expected)| (w - expected).abs() < 1e-6));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adam {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square.
    pub beta2: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// Whether the denominator never falls.
    pub amsgrad: bool,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Adam {
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false, weight_decay: 0.0 }
    }
}

impl Adam {
    /// With β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and no decay.
    pub fn new() -> Adam {
        Adam::default()
    }

    /// With other decay rates of the two means.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Adam {
        Adam { beta1, beta2, ..self }
    }

    /// With a denominator that never falls.
    #[must_use]
    pub fn amsgrad(self) -> Adam {
        Adam { amsgrad: true, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With coupled weight decay.
        weight_decay: f64;
    }

    /// `m̂ / (√ŝ + ε)` of a direction, and the new moments: what relatives of Adam go on from.
    #[track_caller]
    pub(super) fn step(&self, p: &Parameter<'_>, d: Var) -> (Var, Vec<Var>) {
        let (m, s) = (mean(p.moments[0], d, self.beta1), mean(p.moments[1], d * d, self.beta2));
        let largest = self.amsgrad.then(|| p.moments[2].maximum(s));
        let root = root(largest.unwrap_or(s) / p.gathered(self.beta2));
        let step = m / p.gathered(self.beta1) / (root + self.epsilon);
        (step, [m, s].into_iter().chain(largest).collect())
    }

    /// The mistakes in the settings, by the name of the relative.
    pub(super) fn check_as(&self, name: &str) -> Result<(), Error> {
        below_one(name, "beta1", self.beta1)?;
        below_one(name, "beta2", self.beta2)?;
        not_negative(name, "epsilon", self.epsilon)?;
        not_negative(name, "weight_decay", self.weight_decay)
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(); 2 + usize::from(self.amsgrad)]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let (step, moments) = self.step(p, p.decayed_direction(self.weight_decay));
        (p.value - step * p.rate, moments)
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        self.check_as("adam")
    }
}

spoken!(Adam, "adam": beta1, beta2, epsilon, amsgrad, weight_decay);

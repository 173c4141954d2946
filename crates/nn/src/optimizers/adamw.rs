//! Adam with decoupled weight decay.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::settings::{setters, spoken};
use super::{Adam, Optimizer, Parameter};

/// [`Adam`] with decoupled weight decay ([Loshchilov & Hutter 2019]): `w ← w − rate · (m̂ / (√ŝ + ε) + decay · w)`.
///
/// The decay is no part of the differentiated loss: it is not scaled by the mean squares. Defaults: those of Adam, and decay 0.01 as in
/// PyTorch. The paper's decay is multiplied by the schedule alone; here, as in PyTorch, by the whole rate.
///
/// [Loshchilov & Hutter 2019]: https://arxiv.org/abs/1711.05101
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{AdamW, Optimizer};
/// let optimizer = AdamW::new().weight_decay(0.5);
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// // No gradient: the weights shrink by rate · decay.
/// let (w, _) = step.call((tensor![1.0], tensor![0.0], optimizer.init(&tensor![1.0]), Tensor::scalar(0.5)))?;
/// assert_eq!(w, tensor![0.75]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdamW {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square.
    pub beta2: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// Whether the denominator never falls; see [`Adam`].
    pub amsgrad: bool,
    /// The share of the weights that a step of rate 1 takes away.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> AdamW {
        AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, amsgrad: false, weight_decay: 0.01 }
    }
}

impl AdamW {
    /// With β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and decay 0.01.
    pub fn new() -> AdamW {
        AdamW::default()
    }

    /// With other decay rates of the two means.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> AdamW {
        AdamW { beta1, beta2, ..self }
    }

    /// With a denominator that never falls.
    #[must_use]
    pub fn amsgrad(self) -> AdamW {
        AdamW { amsgrad: true, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With another decoupled decay.
        weight_decay: f64;
    }

    fn adam(&self) -> Adam {
        let &AdamW { beta1, beta2, epsilon, amsgrad, weight_decay } = self;
        Adam { beta1, beta2, epsilon, amsgrad, weight_decay }
    }
}

impl Optimizer for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn moments(&self, name: &str, ty: &Type) -> Vec<Type> {
        self.adam().moments(name, ty)
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let (step, moments) = self.adam().step(p, p.direction);
        (p.shrunk_value(self.weight_decay) - step * p.rate, moments)
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        self.adam().check_as("adamw")
    }
}

spoken!(AdamW, "adamw": beta1, beta2, epsilon, amsgrad, weight_decay);

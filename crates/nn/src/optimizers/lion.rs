//! The sign of a momentum.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::mean;
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// Lion ([Chen et al. 2023]): `w ← w − rate · (sign(β₁ m + (1−β₁) d) + decay · w)`, then `m ← β₂ m + (1−β₂) d`.
///
/// Defaults: β₁ = 0.9, β₂ = 0.99 and no decay, as in the authors' code. Every entry moves by the rate, which is therefore 3 to 10 times smaller than
/// AdamW's, and the decay, which is decoupled, as much larger. Where the momentum is exactly 0 nothing moves. It remembers half of what Adam does.
///
/// [Chen et al. 2023]: https://arxiv.org/abs/2302.06675
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Lion, Optimizer};
/// let optimizer = Lion::new();
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// let (w, d) = (tensor![1.0, 1.0, 1.0], tensor![1e-9, 0.0, -5.0]);
/// let (w, _) = step.call((w.clone(), d, optimizer.init(&w), Tensor::scalar(0.25)))?;
/// assert_eq!(w, tensor![0.75, 1.0, 1.25]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lion {
    /// β₁, of what the sign is taken of.
    pub beta1: f64,
    /// β₂, of the momentum.
    pub beta2: f64,
    /// The share of the weights that a step of rate 1 takes away.
    pub weight_decay: f64,
}

impl Default for Lion {
    fn default() -> Lion {
        Lion { beta1: 0.9, beta2: 0.99, weight_decay: 0.0 }
    }
}

impl Lion {
    /// With β₁ = 0.9, β₂ = 0.99 and no decay.
    pub fn new() -> Lion {
        Lion::default()
    }

    /// With other decay rates.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Lion {
        Lion { beta1, beta2, ..self }
    }

    setters! {
        /// With decoupled weight decay.
        weight_decay: f64;
    }
}

impl Optimizer for Lion {
    fn name(&self) -> &'static str {
        "lion"
    }

    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone()]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let step = mean(p.moments[0], p.direction, self.beta1).sign();
        (p.shrunk_value(self.weight_decay) - step * p.rate, vec![mean(p.moments[0], p.direction, self.beta2)])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("lion", "beta1", self.beta1)?;
        below_one("lion", "beta2", self.beta2)?;
        not_negative("lion", "weight_decay", self.weight_decay)
    }
}

spoken!(Lion, "lion": beta1, beta2, weight_decay);

//! Adam that trusts its mean squares only when they rest on enough steps.

use quadric_autodiff::trace::{Var, select};
use quadric_autodiff::{Error, Type};

use super::parameter::{mean, root};
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// RAdam ([Liu et al. 2020]): with Adam's m, s and `m̂ = m/(1−β₁ᵗ)`, `ρ_∞ = 2/(1−β₂) − 1`, `ρ = ρ_∞ − 2 t β₂ᵗ/(1−β₂ᵗ)`,
///
/// - `w ← w − rate · m̂ · r √(1−β₂ᵗ) / (√s + ε)`, `r² = (ρ−4)(ρ−2)ρ_∞ / ((ρ_∞−4)(ρ_∞−2)ρ)`, if ρ > 5,
/// - `w ← w − rate · m̂` in the first few steps, where it is not.
///
/// Defaults: β₁ = 0.9, β₂ = 0.999, ε = 1e-8; the usual rate is 1e-3. ε stands at √s before the correction, and the bound is 5, as in PyTorch; in the
/// paper there is no ε, and the bound is 4. The decay is coupled and 0, or, with [`decoupled`](RAdam::decoupled), that of AdamW.
///
/// [Liu et al. 2020]: https://arxiv.org/abs/1908.03265
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Optimizer, RAdam};
/// let optimizer = RAdam::new();
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// // The first step is one of gradient descent.
/// let (w, _) = step.call((tensor![1.0], tensor![3.0], optimizer.init(&tensor![1.0]), Tensor::scalar(0.1)))?;
/// assert!((w.to_vec::<f64>()[0] - 0.7).abs() < 1e-12);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RAdam {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square.
    pub beta2: f64,
    /// ε, beside the root of the mean square.
    pub epsilon: f64,
    /// The weight of the decay.
    pub weight_decay: f64,
    /// Whether the decay is decoupled.
    pub decoupled: bool,
}

impl Default for RAdam {
    fn default() -> RAdam {
        RAdam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

impl RAdam {
    /// With β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and no decay.
    pub fn new() -> RAdam {
        RAdam::default()
    }

    /// With other decay rates of the two means.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> RAdam {
        RAdam { beta1, beta2, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With weight decay: coupled, unless `decoupled` is set.
        weight_decay: f64;
        /// Whether the decay is decoupled.
        decoupled: bool;
    }
}

impl Optimizer for RAdam {
    fn name(&self) -> &'static str {
        "radam"
    }

    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(); 2]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = if self.decoupled { p.direction } else { p.decayed_direction(self.weight_decay) };
        let w = if self.decoupled { p.shrunk_value(self.weight_decay) } else { p.value };
        let (m, s) = (mean(p.moments[0], d, self.beta1), mean(p.moments[1], d * d, self.beta2));
        // In f64, whatever the parameters: ρ is a small difference of numbers near ρ_∞.
        let gathered = -(p.step * self.beta2.ln()).expm1();
        let most = 2.0 / (1.0 - self.beta2) - 1.0;
        let rho = most - p.step * 2.0 * (1.0 - gathered) / gathered;
        let enough = rho.gt(5.0);
        let rho = select(enough, rho, most);
        let square = (rho - 4.0) * (rho - 2.0) * (most / ((most - 4.0) * (most - 2.0))) / rho;
        let factor = p.of((square * gathered).sqrt());
        let mean = m / p.gathered(self.beta1);
        let step = select(enough, mean * factor / (root(s) + self.epsilon), mean);
        (w - step * p.rate, vec![m, s])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("radam", "beta1", self.beta1)?;
        below_one("radam", "beta2", self.beta2)?;
        not_negative("radam", "epsilon", self.epsilon)?;
        not_negative("radam", "weight_decay", self.weight_decay)
    }
}

spoken!(RAdam, "radam": beta1, beta2, epsilon, weight_decay, decoupled);

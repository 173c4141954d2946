//! Adam with the largest gradient in place of the mean square.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::mean;
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// Adamax ([Kingma & Ba 2015], §7.1): `m ← β₁ m + (1−β₁) d`, `u ← max(β₂ u, |d| + ε)`, `w ← w − rate · m / ((1−β₁ᵗ) u)`.
///
/// Defaults: β₁ = 0.9, β₂ = 0.999, ε = 1e-8; the paper's rate is 2e-3. ε is PyTorch's, and stands inside the maximum as there; the paper has none,
/// and 0/0 where no gradient has come yet. No square is formed, so it works over the whole range of the dtype. The decay is coupled and 0 unless set.
///
/// [Kingma & Ba 2015]: https://arxiv.org/abs/1412.6980
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Adamax, Optimizer};
/// let optimizer = Adamax::new();
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// let (w, _) = step.call((tensor![1.0], tensor![1e30], optimizer.init(&tensor![1.0]), Tensor::scalar(0.25)))?;
/// assert!((w.to_vec::<f64>()[0] - 0.75).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adamax {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, by which the largest gradient is forgotten.
    pub beta2: f64,
    /// ε, beside the magnitude of a gradient.
    pub epsilon: f64,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Default for Adamax {
    fn default() -> Adamax {
        Adamax { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl Adamax {
    /// With β₁ = 0.9, β₂ = 0.999, ε = 1e-8 and no decay.
    pub fn new() -> Adamax {
        Adamax::default()
    }

    /// With other decay rates.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Adamax {
        Adamax { beta1, beta2, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With coupled weight decay.
        weight_decay: f64;
    }
}

impl Optimizer for Adamax {
    fn name(&self) -> &'static str {
        "adamax"
    }

    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(); 2]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = p.decayed_direction(self.weight_decay);
        let m = mean(p.moments[0], d, self.beta1);
        let u = (p.moments[1] * self.beta2).maximum(d.abs() + self.epsilon);
        (p.value - m / u / p.gathered(self.beta1) * p.rate, vec![m, u])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("adamax", "beta1", self.beta1)?;
        below_one("adamax", "beta2", self.beta2)?;
        not_negative("adamax", "epsilon", self.epsilon)?;
        not_negative("adamax", "weight_decay", self.weight_decay)
    }
}

spoken!(Adamax, "adamax": beta1, beta2, epsilon, weight_decay);

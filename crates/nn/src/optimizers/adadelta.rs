//! Steps in the unit of the parameters.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::mean;
use super::settings::{below_one, not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// Adadelta ([Zeiler 2012]): `s ← ρ s + (1−ρ) d²`, `x = d √(u + ε) / √(s + ε)`, `u ← ρ u + (1−ρ) x²`, `w ← w − rate · x`.
///
/// Defaults are PyTorch's: ρ = 0.9, ε = 1e-6 inside the roots, as in the paper, and rate 1, which the paper does not have (its ρ is 0.95). The
/// decay is coupled and 0 unless set.
///
/// [Zeiler 2012]: https://arxiv.org/abs/1212.5701
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Adadelta, Optimizer};
/// let optimizer = Adadelta::new().epsilon(1.0).rho(0.0);
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// let root = 3f64.sqrt(); // d √1 / √(3 + 1)
/// let (w, _) = step.call((tensor![1.0], tensor![root], optimizer.init(&tensor![1.0]), Tensor::scalar(1.0)))?;
/// assert!((w.to_vec::<f64>()[0] - (1.0 - root / 2.0)).abs() < 1e-15);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adadelta {
    /// ρ, of both mean squares.
    pub rho: f64,
    /// ε, inside the roots.
    pub epsilon: f64,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Default for Adadelta {
    fn default() -> Adadelta {
        Adadelta { rho: 0.9, epsilon: 1e-6, weight_decay: 0.0 }
    }
}

impl Adadelta {
    /// With ρ = 0.9, ε = 1e-6 and no decay.
    pub fn new() -> Adadelta {
        Adadelta::default()
    }

    setters! {
        /// With another ρ.
        rho: f64;
        /// With another ε.
        epsilon: f64;
        /// With coupled weight decay.
        weight_decay: f64;
    }
}

impl Optimizer for Adadelta {
    fn name(&self) -> &'static str {
        "adadelta"
    }

    /// The mean squares of directions and of steps.
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone(); 2]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = p.decayed_direction(self.weight_decay);
        let s = mean(p.moments[0], d * d, self.rho);
        let x = (p.moments[1] + self.epsilon).sqrt() / (s + self.epsilon).sqrt() * d;
        let u = mean(p.moments[1], x * x, self.rho);
        (p.value - x * p.rate, vec![s, u])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        below_one("adadelta", "rho", self.rho)?;
        not_negative("adadelta", "epsilon", self.epsilon)?;
        not_negative("adadelta", "weight_decay", self.weight_decay)
    }
}

spoken!(Adadelta, "adadelta": rho, epsilon, weight_decay);

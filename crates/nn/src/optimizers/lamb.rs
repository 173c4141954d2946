//! Adam with steps in proportion to the weights, layer by layer.

use quadric_autodiff::trace::tree::Arithmetic;
use quadric_autodiff::trace::{Var, select};
use quadric_autodiff::{Error, Type};

use super::settings::{setters, spoken};
use super::{Adam, Optimizer, Parameter};

/// LAMB ([You et al. 2020], algorithm 2): with Adam's m̂ and ŝ, `r = m̂ / (√ŝ + ε) + decay · w`, `w ← w − rate · (‖w‖/‖r‖) · r`, the norms of one
/// parameter each; the quotient is 1 where one of them is 0.
///
/// Defaults are the authors': β₁ = 0.9, β₂ = 0.999, ε = 1e-6, decay 0.01. The paper's φ is the identity, as in their code, which leaves biases and
/// norms out of the decay (see [`Groups`](super::Groups)). The decay stands beside m̂/√ŝ, so it is not the gradient of a loss; where there is no
/// gradient, r is `decay · w`, and a step takes the whole rate of the weights, however small the decay.
///
/// [You et al. 2020]: https://arxiv.org/abs/1904.00962
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Lamb, Optimizer};
/// let optimizer = Lamb::new().weight_decay(0.0);
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// // A step of a tenth of the weights' norm, 5, along (1, 1)/√2.
/// let (w, d) = (tensor![3.0, 4.0], tensor![1e3, 10.0]);
/// let (w, _) = step.call((w.clone(), d, optimizer.init(&w), Tensor::scalar(0.1)))?;
/// let expected = [3.0, 4.0].map(|w| w - 0.5 / 2f64.sqrt());
/// assert!(w.to_vec::<f64>().iter().zip(expected).all(|(w, e)| (w - e).abs() < 1e-6));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Lamb {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square.
    pub beta2: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// The share of the weights beside Adam's step.
    pub weight_decay: f64,
}

impl Default for Lamb {
    fn default() -> Lamb {
        Lamb { beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weight_decay: 0.01 }
    }
}

impl Lamb {
    /// With β₁ = 0.9, β₂ = 0.999, ε = 1e-6 and decay 0.01.
    pub fn new() -> Lamb {
        Lamb::default()
    }

    /// With other decay rates of the two means.
    #[must_use]
    pub fn betas(self, beta1: f64, beta2: f64) -> Lamb {
        Lamb { beta1, beta2, ..self }
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With another decay.
        weight_decay: f64;
    }

    fn adam(&self) -> Adam {
        let &Lamb { beta1, beta2, epsilon, weight_decay } = self;
        Adam { beta1, beta2, epsilon, amsgrad: false, weight_decay }
    }
}

impl Optimizer for Lamb {
    fn name(&self) -> &'static str {
        "lamb"
    }

    fn moments(&self, name: &str, ty: &Type) -> Vec<Type> {
        self.adam().moments(name, ty)
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let (step, moments) = self.adam().step(p, p.direction);
        let r = if self.weight_decay == 0.0 { step } else { step + p.value * self.weight_decay };
        let (of_w, of_r) = (p.value.norm(), r.norm());
        let none = of_w.equal(0.0).or(of_r.equal(0.0));
        let trust = select(none, 1.0, of_w / select(none, 1.0, of_r));
        (p.value - r * (trust * p.rate), moments)
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        self.adam().check_as("lamb")
    }
}

spoken!(Lamb, "lamb": beta1, beta2, epsilon, weight_decay);

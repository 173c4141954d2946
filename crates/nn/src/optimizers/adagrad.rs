//! Gradients over the root of the sum of their squares.

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Error, Type};

use super::parameter::root;
use super::settings::{not_negative, setters, spoken};
use super::{Optimizer, Parameter};

/// Adagrad ([Duchi et al. 2011]): `s ← s + d²`, `w ← w − rate/(1 + (t−1) rate_decay) · d / (√(s + s₀) + ε)`.
///
/// Defaults are PyTorch's: ε = 1e-10 outside the root, s₀ = 0 (`initial_accumulator_value`), no decay of the rate, rate 1e-2. In the paper ε is
/// inside. The weight decay is coupled and 0 unless set.
///
/// [Duchi et al. 2011]: https://jmlr.org/papers/v12/duchi11a.html
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::{Adagrad, Optimizer};
/// let optimizer = Adagrad::new();
/// let mut step = compile(|(w, d, state, rate): (Var, Var, _, Var)| optimizer.update(&w, &d, &state, rate));
/// let (mut w, mut state) = (tensor![1.0], optimizer.init(&tensor![1.0]));
/// for (d, expected) in [(3.0, 0.5), (4.0, 0.1)] {
///     (w, state) = step.call((w, tensor![d], state, Tensor::scalar(0.5)))?; // 3/3, then 4/5
///     assert!((w.to_vec::<f64>()[0] - expected).abs() < 1e-9);
/// }
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adagrad {
    /// ε, outside the root.
    pub epsilon: f64,
    /// s₀, which the sum of squares begins with.
    pub initial: f64,
    /// By how much the divisor of the rate grows in a step.
    pub rate_decay: f64,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Default for Adagrad {
    fn default() -> Adagrad {
        Adagrad { epsilon: 1e-10, initial: 0.0, rate_decay: 0.0, weight_decay: 0.0 }
    }
}

impl Adagrad {
    /// With ε = 1e-10, s₀ = 0 and no decay.
    pub fn new() -> Adagrad {
        Adagrad::default()
    }

    setters! {
        /// With another ε.
        epsilon: f64;
        /// With another s₀.
        initial: f64;
        /// With a rate that falls by itself.
        rate_decay: f64;
        /// With coupled weight decay.
        weight_decay: f64;
    }
}

impl Optimizer for Adagrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    /// The sum of squares, without s₀.
    fn moments(&self, _: &str, ty: &Type) -> Vec<Type> {
        vec![ty.clone()]
    }

    #[track_caller]
    fn rule(&self, p: &Parameter<'_>) -> (Var, Vec<Var>) {
        let d = p.decayed_direction(self.weight_decay);
        let s = p.moments[0] + d * d;
        let all = if self.initial == 0.0 { s } else { s + self.initial };
        let step = d / (root(all) + self.epsilon);
        let rate = match self.rate_decay {
            0.0 => p.rate,
            decay => p.rate / p.of((p.step - 1.0) * decay + 1.0),
        };
        (p.value - step * rate, vec![s])
    }

    fn check(&self, _: &[String]) -> Result<(), Error> {
        not_negative("adagrad", "epsilon", self.epsilon)?;
        not_negative("adagrad", "initial", self.initial)?;
        not_negative("adagrad", "rate_decay", self.rate_decay)?;
        not_negative("adagrad", "weight_decay", self.weight_decay)
    }
}

spoken!(Adagrad, "adagrad": epsilon, initial, rate_decay, weight_decay);

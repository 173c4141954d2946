//! Adam, with decoupled weight decay if asked for.

use std::fmt;

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use super::{Optimizer, State, check_moments};
use crate::LIBRARY;

/// Adam ([Kingma & Ba 2015]): `m ← β₁ m + (1−β₁) d`, `s ← β₂ s + (1−β₂) d²`,
/// `w ← w − rate · (m̂ / (√ŝ + ε) + decay · w)` with `m̂ = m/(1−β₁ᵗ)`, `ŝ = s/(1−β₂ᵗ)`, t counted from 1.
///
/// The decay is the decoupled one of AdamW ([Loshchilov & Hutter 2019]); it is 0 unless set.
///
/// [Kingma & Ba 2015]: https://arxiv.org/abs/1412.6980
/// [Loshchilov & Hutter 2019]: https://arxiv.org/abs/1711.05101
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Adam {
    /// β₁, of the mean.
    pub beta1: f64,
    /// β₂, of the mean square.
    pub beta2: f64,
    /// ε, outside the root.
    pub epsilon: f64,
    /// The weight of the decoupled decay.
    pub weight_decay: f64,
}

impl Default for Adam {
    fn default() -> Adam {
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
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

    /// With decoupled weight decay.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Adam {
        Adam { weight_decay, ..self }
    }
}

impl Optimizer for Adam {
    fn moments(&self) -> usize {
        2
    }

    #[track_caller]
    fn update<M: VarTree>(&self, params: &M, direction: &M, state: &State<M>, rate: Var) -> (M, State<M>) {
        LIBRARY.scope("adam", || {
            let (moments, steps) = state;
            check_moments("adam", self, moments);
            let t = *steps + steps.number(1.0);
            let mean = moments[0].zip_leaves(direction, |m, d| m * self.beta1 + d * (1.0 - self.beta1));
            let square = moments[1].zip_leaves(direction, |s, d| s * self.beta2 + d * d * (1.0 - self.beta2));
            let step = mean.zip_leaves(&square, |m, s| {
                let t = t.convert(m.dtype());
                let unbiased = |x: &Var, beta: f64| x / (1.0 - m.number(beta).pow(t));
                unbiased(m, self.beta1) / (unbiased(s, self.beta2).sqrt() + self.epsilon)
            });
            let step = match self.weight_decay {
                0.0 => step,
                decay => step.zip_leaves(params, |s, w| s + w * decay),
            };
            let params = params.zip_leaves(&step, |w, s| w - s * rate.convert(w.dtype()));
            (params, (vec![mean, square], t))
        })
    }
}

impl fmt::Display for Adam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Adam, betas {} and {}, epsilon {:e}", self.beta1, self.beta2, self.epsilon)?;
        if self.weight_decay != 0.0 {
            write!(f, ", decoupled weight decay {}", self.weight_decay)?;
        }
        Ok(())
    }
}

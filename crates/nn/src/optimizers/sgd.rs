//! Gradient descent, with momentum and weight decay.

use std::fmt;

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use super::{Optimizer, State, check_moments};
use crate::LIBRARY;

/// Gradient descent: with `d = direction + decay · w` and `v ← momentum · v + d`,
///
/// - `w ← w − rate · d` without momentum,
/// - `w ← w − rate · v` with momentum (Polyak 1964),
/// - `w ← w − rate · (d + momentum · v)` with Nesterov's ([Sutskever et al. 2013], in the form of PyTorch).
///
/// Weight decay applies to every leaf, biases too. The rate multiplies what comes out, not what goes into v.
///
/// [Sutskever et al. 2013]: https://proceedings.mlr.press/v28/sutskever13.html
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Sgd {
    /// The share of the former velocity that is kept; 0 for none, and then there is no state.
    pub momentum: f64,
    /// Whether to look ahead.
    pub nesterov: bool,
    /// The weight of `½‖w‖²`.
    pub weight_decay: f64,
}

impl Sgd {
    /// Plain gradient descent.
    pub fn new() -> Sgd {
        Sgd::default()
    }

    /// With momentum.
    #[must_use]
    pub fn momentum(self, momentum: f64) -> Sgd {
        Sgd { momentum, ..self }
    }

    /// With Nesterov's momentum.
    #[must_use]
    pub fn nesterov(self, momentum: f64) -> Sgd {
        Sgd { momentum, nesterov: true, ..self }
    }

    /// With weight decay.
    #[must_use]
    pub fn weight_decay(self, weight_decay: f64) -> Sgd {
        Sgd { weight_decay, ..self }
    }
}

impl Optimizer for Sgd {
    fn moments(&self) -> usize {
        usize::from(self.momentum != 0.0)
    }

    #[track_caller]
    fn update<M: VarTree>(&self, params: &M, direction: &M, state: &State<M>, rate: Var) -> (M, State<M>) {
        LIBRARY.scope("sgd", || {
            let (moments, steps) = state;
            check_moments("sgd", self, moments);
            let d = match self.weight_decay {
                0.0 => direction.clone(),
                decay => direction.zip_leaves(params, |d, w| d + w * decay),
            };
            let (velocity, step) = match moments.first() {
                None => (None, d),
                Some(v) => {
                    let v = v.zip_leaves(&d, |v, d| v * self.momentum + d);
                    let step = if self.nesterov { d.zip_leaves(&v, |d, v| d + v * self.momentum) } else { v.clone() };
                    (Some(v), step)
                }
            };
            let params = params.zip_leaves(&step, |w, s| w - s * rate.convert(w.dtype()));
            (params, (velocity.into_iter().collect(), *steps + steps.number(1.0)))
        })
    }
}

impl fmt::Display for Sgd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SGD")?;
        if self.momentum != 0.0 {
            write!(f, ", {}momentum {}", if self.nesterov { "Nesterov " } else { "" }, self.momentum)?;
        }
        if self.weight_decay != 0.0 {
            write!(f, ", weight decay {}", self.weight_decay)?;
        }
        Ok(())
    }
}

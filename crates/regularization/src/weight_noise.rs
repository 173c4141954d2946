//! Weight noise.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{LIBRARY, Loss, Update, probes, update};
use quadric_curvature::Probe;

/// `∇L(θ + ε)`, `ε ~ N(0, σ² I)`, fresh for each key. On average, to second order, the gradient of `L + (σ²/2) tr H`: to be compared
/// with a trace penalty of `λ = σ²/2`.
#[derive(Clone, Copy, Debug)]
pub struct WeightNoise {
    /// The standard deviation σ, a scalar.
    pub sigma: Var,
    /// The random key, `u32[2]`.
    pub key: Var,
}

impl WeightNoise {
    /// The direction at `params`; the objective is `L(θ + ε)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("weight-noise", || {
            let (objective, direction) = update::at(loss, &params.plus(&self.noise(params)));
            Update { loss: loss.loss(params), objective, direction }
        })
    }

    /// ε, in the shape of the parameters, each leaf from a key of its own.
    #[track_caller]
    #[must_use]
    pub fn noise<M: VarTree>(&self, like: &M) -> M {
        LIBRARY.enter(|| probes::one(Probe::Gaussian, self.key, like).scale(self.sigma))
    }
}

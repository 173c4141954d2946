//! Sharpness-aware minimisation.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{LIBRARY, Loss, Update, update};

/// SAM: `∇L(θ + ρ g̃)`, the gradient at the worst point of a ball, to first order; nothing flows through g̃
/// ([Foret et al. 2020], ρ = 0.05). Two gradients a step.
///
/// [Foret et al. 2020]: https://arxiv.org/abs/2010.01412
#[derive(Clone, Copy, Debug)]
pub struct Sam {
    /// The radius ρ, a scalar.
    pub rho: Var,
}

impl Sam {
    /// The direction at `params`; the objective is `L(θ + ρ g̃)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("sam", || {
            let (value, g) = update::at(loss, params);
            let (objective, direction) = update::at(loss, &params.add_scaled(&g.normalized(), self.rho));
            Update { loss: value, objective, direction }
        })
    }
}

//! SAM without the norm.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{LIBRARY, Loss, Update, update};

/// USAM: `∇L(θ + ρ g)`, the step along the gradient itself ([Andriushchenko & Flammarion 2022]).
///
/// [Andriushchenko & Flammarion 2022]: https://arxiv.org/abs/2206.06232
#[derive(Clone, Copy, Debug)]
pub struct Usam {
    /// The length of the step in gradients, a scalar.
    pub rho: Var,
}

impl Usam {
    /// The direction at `params`; the objective is `L(θ + ρ g)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("usam", || {
            let (value, g) = update::at(loss, params);
            let (objective, direction) = update::at(loss, &params.add_scaled(&g, self.rho));
            Update { loss: value, objective, direction }
        })
    }
}

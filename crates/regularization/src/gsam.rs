//! Surrogate-gap SAM.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{LIBRARY, Loss, Update, update};

/// GSAM: `g_p − α g_⊥`, with `g_p = ∇L(θ + ρ g̃)` and `g_⊥` the part of g orthogonal to g_p: descends the perturbed
/// loss, and closes its gap to the loss without climbing it ([Zhuang et al. 2022]).
///
/// [Zhuang et al. 2022]: https://arxiv.org/abs/2203.08065
#[derive(Clone, Copy, Debug)]
pub struct Gsam {
    /// The radius ρ, a scalar.
    pub rho: Var,
    /// How much of the orthogonal part is taken.
    pub alpha: f64,
}

impl Gsam {
    /// The default α; the paper tunes it for each model.
    pub const ALPHA: f64 = 0.4;

    /// The direction at `params`; the objective is `L(θ + ρ g̃)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("gsam", || {
            let (value, g) = update::at(loss, params);
            let (objective, g_p) = update::at(loss, &params.add_scaled(&g.normalized(), self.rho));
            let across = across(&g, &g_p);
            let direction = g_p.add_scaled(&across, objective.number(-self.alpha));
            Update { loss: value, objective, direction }
        })
    }
}

/// The part of `x` orthogonal to `y`: `x − ⟨x, ŷ⟩ ŷ`, `ŷ = y/‖y‖` (x itself where y is 0).
#[track_caller]
pub(crate) fn across<M: VarTree>(x: &M, y: &M) -> M {
    let unit = y.normalized();
    x.add_scaled(&unit, -x.dot(&unit))
}

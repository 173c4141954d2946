//! SAM at a fraction of the cost.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::gsam::across;
use crate::{LIBRARY, Loss, Sam, Update, update};

/// LookSAM: SAM every k-th step, and between them the gradient plus SAM's last sideways part ([Liu et al. 2022], k = 5, α = 0.7).
///
/// With `g_s = ∇L(θ + ρ g̃)`, its part orthogonal to g is `g_v = g_s − ⟨g_s, g̃⟩ g̃`, which changes slowly; the steps
/// between take `g + α (‖g‖/‖g_v‖) g_v`. Two functions, because the two kinds of step are two programs: the caller counts.
///
/// [Liu et al. 2022]: https://arxiv.org/abs/2203.02714
#[derive(Clone, Copy, Debug)]
pub struct LookSam {
    /// The radius ρ, a scalar.
    pub rho: Var,
    /// The weight of the reused part.
    pub alpha: f64,
}

impl LookSam {
    /// α of the paper.
    pub const ALPHA: f64 = 0.7;
    /// k of the paper: a full step at every k-th, from step 0.
    pub const EVERY: usize = 5;

    /// A full step: SAM's update, and `g_v` to remember.
    #[track_caller]
    #[must_use]
    pub fn full<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> (Update<M>, M) {
        LIBRARY.scope("look-sam", || {
            let step = Sam { rho: self.rho }.update(loss, params);
            let sideways = across(&step.direction, &update::at(loss, params).1);
            (step, sideways)
        })
    }

    /// A cheap step with the `g_v` of the last full one. One gradient.
    #[track_caller]
    #[must_use]
    pub fn cheap<M: VarTree>(&self, loss: &impl Loss<M>, params: &M, sideways: &M) -> Update<M> {
        LIBRARY.scope("look-sam", || {
            let (loss, g) = update::at(loss, params);
            let direction = g.add_scaled(&sideways.normalized(), g.norm() * self.alpha);
            Update { loss, objective: loss, direction }
        })
    }
}

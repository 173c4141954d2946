//! The gradient-norm penalty by differences.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{LIBRARY, Loss, Update, update};

/// `(1−α) g + α ∇L(θ + r g̃)`: to first order in r the gradient of `L + λ‖∇L‖` with `λ = α r`, from two gradients
/// ([Zhao et al. 2022]). α = 1 is SAM with ρ = r.
///
/// [`GradientPower`](crate::GradientPower) and [`PenaltySam`](crate::PenaltySam) are exact.
///
/// [Zhao et al. 2022]: https://arxiv.org/abs/2202.03599
#[derive(Clone, Copy, Debug)]
pub struct GradientNorm {
    /// The length of the difference, a scalar.
    pub r: Var,
    /// The balance, a scalar.
    pub alpha: Var,
}

impl GradientNorm {
    /// The direction at `params`; the objective is `(1−α) L(θ) + α L(θ + r g̃)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("gradient-norm", || {
            let (value, g) = update::at(loss, params);
            let (moved, g_moved) = update::at(loss, &params.add_scaled(&g.normalized(), self.r));
            let rest = 1.0 - self.alpha;
            let mix = |a: Var, b: Var| a * rest.convert(a.dtype()) + b * self.alpha.convert(b.dtype());
            Update { loss: value, objective: mix(value, moved), direction: g.zip_leaves(&g_moved, |a, b| mix(*a, *b)) }
        })
    }
}

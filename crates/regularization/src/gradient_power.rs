//! The gradient-norm penalty, exact, with any power.

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::tree::{Arithmetic, zero_at_zero};
use quadric_autodiff::trace::{Var, hvp};

use crate::{LIBRARY, Loss, Update, update};

/// The gradient of `L + ρ‖∇L‖ᵖ`: `g + ρ p ‖g‖^{p−1} H g̃`, one Hessian-vector product.
///
/// p = 1 is [`PenaltySam`](crate::PenaltySam), p = 2 gives `g + 2ρ H g`. Where g is 0 the penalty adds nothing (for p < 1 too).
#[derive(Clone, Copy, Debug)]
pub struct GradientPower {
    /// The weight ρ, a scalar.
    pub rho: Var,
    /// The power p > 0.
    pub power: f64,
}

impl GradientPower {
    /// The direction at `params`; the objective is `L + ρ‖∇L‖ᵖ`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("gradient-power", || {
            let (value, g) = update::at(loss, params);
            let norm = g.norm();
            let rho = self.rho.convert(norm.dtype());
            // p ‖g‖^{p−1} g̃ = p ‖g‖^{p−2} g: the square needs no norm at all.
            let u = if self.power == 2.0 { g.clone() } else { g.normalized().scale(raised(norm, self.power - 1.0)) };
            let h_u = hvp(|m: M| loss.loss(&m), params, &u);
            let direction = g.add_scaled(&h_u, rho * self.power);
            let penalty = rho * raised(norm, self.power);
            Update { loss: value, objective: value + penalty.convert(value.dtype()), direction }
        })
    }

    /// `ρ‖∇L‖ᵖ` alone, for [`Penalized`](crate::Penalized) and for taking its gradient in reverse mode over reverse mode.
    #[track_caller]
    #[must_use]
    pub fn penalty<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Var {
        LIBRARY.scope("gradient-power", || {
            let norm = update::at(loss, params).1.norm();
            self.rho.convert(norm.dtype()) * raised(norm, self.power)
        })
    }
}

/// `‖g‖^q` from `‖g‖`; 0 at 0 (1 for q = 0).
#[track_caller]
fn raised(norm: Var, q: f64) -> Var {
    if q < 0.0 || q.fract() != 0.0 { zero_at_zero(norm, |n| n.pow(q)) } else { norm.pow(q) }
}

//! PSAM: SAM's penalty form, whole or one part of its Hessian.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::{Var, hvp_of_part};
use quadric_autodiff::transform::Part;

use crate::{LIBRARY, Loss, Update, update};

/// `g + ρ H g̃`, the gradient of `L + ρ‖∇L‖`, which agrees with SAM to first order in ρ; or `g + ρ G g̃` (the NME
/// ablated), or `g + ρ N g̃` (NME only), or any other [`Part`] ([Dauphin, Agarwala & Mobahi 2024]; their eq. 13 lacks ρ).
///
/// The partial ones follow the gradient of no function.
///
/// [Dauphin, Agarwala & Mobahi 2024]: https://arxiv.org/abs/2401.10809
#[derive(Clone, Debug)]
pub struct PenaltySam {
    /// The weight ρ, a scalar.
    pub rho: Var,
    /// Which part of the Hessian is used.
    pub part: Part,
}

impl PenaltySam {
    /// With the whole Hessian.
    pub fn new(rho: Var) -> PenaltySam {
        PenaltySam { rho, part: Part::Hessian }
    }

    /// With the Gauss-Newton part only, for a cut of this name.
    pub fn gauss_newton(rho: Var, cut: &str) -> PenaltySam {
        PenaltySam { rho, part: Part::gauss_newton(cut) }
    }

    /// With the nonlinear modeling error only, for a cut of this name.
    pub fn nme(rho: Var, cut: &str) -> PenaltySam {
        PenaltySam { rho, part: Part::nme(cut) }
    }

    /// The direction at `params`; the objective is `L + ρ‖∇L‖` whatever the part.
    ///
    /// # Errors
    /// Stops the trace if the loss has no cut of the part's name.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("psam", || {
            let (value, g) = update::at(loss, params);
            let h_g = hvp_of_part(&self.part, |m: M| loss.loss(&m), params, &g.normalized());
            let penalty = g.norm().convert(value.dtype()) * self.rho.convert(value.dtype());
            let direction = g.add_scaled(&h_g, self.rho);
            Update { loss: value, objective: value + penalty, direction }
        })
    }
}

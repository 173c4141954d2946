//! Adaptive SAM.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::trace::Var;
use quadric_autodiff::{Type, VarTree};

use crate::{LIBRARY, Loss, Update, update};

/// Says yes or no of a leaf, by its name and type.
pub type LeafPredicate = fn(name: &str, ty: &Type) -> bool;

/// Weights are arrays of rank 2 and more; vectors (biases, gains) are not scaled.
pub fn rank_two_or_more(_name: &str, ty: &Type) -> bool {
    ty.shape.rank() >= 2
}

/// ASAM: `∇L(θ + ε)`, `ε = ρ T² g / ‖T g‖`, `T = diag(|w| + η)` on weights and 1 on biases: the radius is measured in
/// units of each weight, so rescaling a layer changes nothing ([Kwon et al. 2021], ρ = 0.5, η = 0.01).
///
/// [Kwon et al. 2021]: https://arxiv.org/abs/2102.11600
#[derive(Clone, Copy, Debug)]
pub struct Asam {
    /// The radius ρ, a scalar.
    pub rho: Var,
    /// What keeps a weight of 0 movable.
    pub eta: f64,
    /// Of which leaves: where it says yes, the perturbation scales with the weight; elsewhere (biases) it does not.
    pub scaled: LeafPredicate,
}

impl Asam {
    /// η of the paper.
    pub const ETA: f64 = 0.01;

    /// With the paper's η, and weights told apart by their rank.
    pub fn new(rho: Var) -> Asam {
        Asam { rho, eta: Asam::ETA, scaled: rank_two_or_more }
    }

    /// The direction at `params`; the objective is `L(θ + ε)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("asam", || {
            let (value, g) = update::at(loss, params);
            let t: M = params.map_named_leaves(|name, w| match (self.scaled)(name, &w.ty()) {
                true => w.abs() + self.eta,
                false => w.full_like(1.0),
            });
            let t_g = t.zip_leaves(&g, |t, g| t * g);
            let along = t.zip_leaves(&t_g.normalized(), |t, u| t * u);
            let (objective, direction) = update::at(loss, &params.add_scaled(&along, self.rho));
            Update { loss: value, objective, direction }
        })
    }
}

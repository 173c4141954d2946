//! SAM in the metric of a diagonal Fisher.

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;
use quadric_autodiff::trace::tree::Arithmetic;

use crate::{LIBRARY, Loss, Update, update};

/// Fisher SAM: `∇L(θ + ε)`, `ε = ρ F⁻¹ g / √(gᵀ F⁻¹ g)` with `F⁻¹ = diag(1/(1 + η g²))`, the Fisher matrix taken as
/// the squared batch gradient and kept away from 0 ([Kim et al. 2022]).
///
/// [Kim et al. 2022]: https://arxiv.org/abs/2206.04920
#[derive(Clone, Copy, Debug)]
pub struct FisherSam {
    /// The radius ρ (the paper's γ), a scalar.
    pub rho: Var,
    /// The weight of the Fisher matrix against the identity.
    pub eta: f64,
}

impl FisherSam {
    /// The default η, that of a public implementation.
    pub const ETA: f64 = 1.0;

    /// The direction at `params`; the objective is `L(θ + ε)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("fisher-sam", || {
            let (value, g) = update::at(loss, params);
            // With s = √(1 + η g²), √(gᵀ F⁻¹ g) is the norm of g/s: neither a square nor a quotient leaves the dtype.
            let s: M = g.map_leaves(|g| g.number(1.0).hypot(g * self.eta.sqrt()));
            let whitened = g.zip_leaves(&s, |g, s| g / s);
            let along = whitened.normalized().zip_leaves(&s, |u, s| u / s);
            let (objective, direction) = update::at(loss, &params.add_scaled(&along, self.rho));
            Update { loss: value, objective, direction }
        })
    }
}

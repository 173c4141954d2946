//! The Gauss-Newton-trace penalty by sampled labels.

use quadric_autodiff::Arithmetic;
use quadric_autodiff::VarTree;
use quadric_autodiff::trace::{Var, grad, hvp, random};

use crate::{LIBRARY, Objective, Update, update};

/// The gradient of `L + λ B ‖∇L(θ, ŷ)‖²` with labels `ŷ ~ softmax(z)` drawn afresh and held: `g + 2 λ B H_ŷ ∇L(θ, ŷ)`.
///
/// For cross-entropy `tr G = E_ŷ‖∇ℓ(ŷ)‖²` of each example, and with the gradient of a batch mean `B‖∇L(ŷ)‖²` has
/// that mean (the examples' labels are drawn independently, and each gradient has mean 0). The value of the penalty is thus an
/// unbiased estimate of `tr G`; its gradient is *not* one of `∇ tr G`, because the drawing is held and with it `H_z`: what is left
/// on average is `2 E[N_ŷ ∇ℓ(ŷ)]`.
#[derive(Clone, Copy, Debug)]
pub struct SampledTrace {
    /// The weight λ, a scalar.
    pub lambda: Var,
    /// The random key, `u32[2]`.
    pub key: Var,
}

impl SampledTrace {
    /// The direction at `params`; the objective is the loss with the estimated penalty.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree, P: Objective<M>>(&self, objective: &P, params: &M) -> Update<M> {
        LIBRARY.scope("gn-trace-sampled", || {
            let labels = random::categorical(self.key, objective.logits(params));
            self.update_for(objective, params, labels)
        })
    }

    /// [`update`](SampledTrace::update) had the labels (`i32[B]`) come out as these.
    #[track_caller]
    #[must_use]
    pub fn update_for<M: VarTree, P: Objective<M>>(&self, objective: &P, params: &M, labels: Var) -> Update<M> {
        LIBRARY.enter(|| {
            let batch = labels.shape().size() as f64;
            let (value, g) = update::at(objective, params);
            let loss = |m: M| objective.loss_with_labels(&m, labels);
            let g_drawn = grad(loss, params);
            let h_g = hvp(loss, params, &g_drawn);
            let weight = self.lambda * batch;
            let penalty = g_drawn.square_norm().convert(value.dtype()) * weight.convert(value.dtype());
            let direction = g.add_scaled(&h_g, weight * 2.0);
            Update { loss: value, objective: value + penalty, direction }
        })
    }
}

//! Implicit gradient regularization, made explicit.

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::{GradientPower, LIBRARY, Loss, Update};

/// The gradient of `L + (η/4)‖∇L‖²`, that is `g + (η/2) H g`: what gradient descent with the finite rate η follows to
/// second order ([Barrett & Dherin 2021]). A [`GradientPower`] with p = 2 and ρ = η/4.
///
/// [Barrett & Dherin 2021]: https://arxiv.org/abs/2009.11162
#[derive(Clone, Copy, Debug)]
pub struct ImplicitGradient {
    /// The rate η, a scalar.
    pub eta: Var,
}

impl ImplicitGradient {
    /// The direction at `params`; the objective is `L + (η/4)‖∇L‖²`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("implicit-gradient", || GradientPower { rho: self.eta * 0.25, power: 2.0 }.update(loss, params))
    }
}

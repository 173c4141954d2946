//! What a method returns.

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::{Var, value_and_grad};

use crate::Loss;

/// The result of a method at one point. What the caller does not use of it is never computed.
#[derive(Clone, Copy, Debug)]
pub struct Update<M> {
    /// `L(θ)`, the plain loss where the parameters are.
    pub loss: Var,
    /// What the method minimises: `L(θ + ε)` or `L` with the penalty. (The partial penalties of [`PenaltySam`](crate::PenaltySam)
    /// follow the gradient of no function; there it is the full one.)
    pub objective: Var,
    /// What an optimizer follows in place of the gradient.
    pub direction: M,
}

impl<M: VarTree> Update<M> {
    /// The gradient of an objective.
    #[track_caller]
    pub(crate) fn descent(loss: Var, objective: impl Fn(M) -> Var, params: &M) -> Update<M> {
        let (objective, direction) = value_and_grad(objective, params);
        Update { loss, objective, direction }
    }
}

/// `L` and its gradient.
#[track_caller]
pub(crate) fn at<M: VarTree>(loss: &impl Loss<M>, params: &M) -> (Var, M) {
    value_and_grad(|m: M| loss.loss(&m), params)
}

//! No method.

use quadric_autodiff::VarTree;

use crate::{LIBRARY, Loss, Update, update};

/// The gradient itself: what the other methods are compared with.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plain;

impl Plain {
    /// `∇L(θ)`.
    #[track_caller]
    #[must_use]
    pub fn update<M: VarTree>(&self, loss: &impl Loss<M>, params: &M) -> Update<M> {
        LIBRARY.scope("plain", || {
            let (loss, direction) = update::at(loss, params);
            Update { loss, objective: loss, direction }
        })
    }
}

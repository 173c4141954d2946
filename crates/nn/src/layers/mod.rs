//! Layers: trees of tensors that map arrays to arrays, a layer a file.

mod dense;
mod init;
mod mlp;

pub use dense::Dense;
pub use init::{Init, generator};
pub use mlp::Mlp;

use quadric_autodiff::trace::Var;

/// A model that gives one row of logits for each example.
///
/// Methods and measurements that need the logits of *any* model ask for this.
pub trait Classifier {
    /// The logits `z(θ, x)`: `[B, …] -> [B, C]`.
    fn logits(&self, x: Var) -> Var;
}

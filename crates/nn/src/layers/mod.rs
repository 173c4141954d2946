//! Layers: trees of tensors that map arrays to arrays, a layer a file.
//!
//! Arrays of images have the axes `[B, C, H, W]`, sequences `[B, T, D]`. [`Layer`] is what they have in common.

mod activate;
mod batch_norm;
mod check;
mod conv;
mod dense;
mod init;
mod layer;
mod mlp;
mod prelu;
mod residual;
mod stack;
mod windows;

pub use activate::Activate;
pub use batch_norm::{BatchNorm, BatchNormState};
pub use conv::{Conv, Conv1d, Conv2d, Conv3d};
pub use dense::Dense;
pub use init::{Init, generator};
pub use layer::{Layer, Mode, StateOf, Stateless, initial_state};
pub use mlp::Mlp;
pub use prelu::Prelu;
pub use residual::Residual;
pub use stack::{Run, Stack};
pub use windows::{IntoSizes, Padding, Windows};

use quadric_autodiff::trace::Var;

/// A model that gives one row of logits for each example.
///
/// Methods and measurements that need the logits of *any* model ask for this.
pub trait Classifier {
    /// The logits `z(θ, x)`: `[B, …] -> [B, C]`.
    fn logits(&self, x: Var) -> Var;
}

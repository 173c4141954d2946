//! Layers: trees of tensors that map arrays to arrays, a layer a file.
//!
//! Arrays of images have the axes `[B, C, H, W]`, sequences `[B, T, D]`. [`Layer`] is what they have in common.

mod activate;
mod adaptive_pool;
mod alibi;
mod attention;
mod attention_cache;
mod avg_pool;
mod batch_norm;
mod channel_dropout;
mod check;
mod conv;
mod conv_transpose;
mod dense;
mod drop;
mod dropout;
mod embedding;
mod feed_forward;
mod flatten;
mod global_pool;
mod group_norm;
mod gru;
mod init;
mod instance_norm;
mod layer;
mod layer_norm;
mod lora;
mod lstm;
mod max_pool;
mod mlp;
mod norm;
mod pixel_shuffle;
mod positions;
mod prelu;
mod projection;
mod recurrent;
mod reshape;
mod residual;
mod rms_norm;
mod rnn;
mod rotary;
mod stack;
mod stochastic_depth;
mod transformer;
mod upsample;
mod windows;

pub use activate::Activate;
pub use adaptive_pool::{
    AdaptiveAvgPool, AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveMaxPool, AdaptiveMaxPool1d,
    AdaptiveMaxPool2d, AdaptiveMaxPool3d,
};
pub use alibi::alibi;
pub use attention::{Attention, AttentionOptions, padding_mask};
pub use attention_cache::AttentionCache;
pub use avg_pool::{AvgPool, AvgPool1d, AvgPool2d, AvgPool3d};
pub use batch_norm::{BatchNorm, BatchNormState};
pub use channel_dropout::ChannelDropout;
pub use conv::{Conv, Conv1d, Conv2d, Conv3d};
pub use conv_transpose::{ConvTranspose, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d};
pub use dense::Dense;
pub(crate) use drop::{check_rate, dropout};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use feed_forward::{FeedForward, FeedForwardOptions};
pub use flatten::Flatten;
pub use global_pool::{GlobalAvgPool, GlobalMaxPool};
pub use group_norm::GroupNorm;
pub use gru::Gru;
pub(crate) use init::adapter_generator;
pub use init::{Init, generator};
pub use instance_norm::InstanceNorm;
pub use layer::{Layer, Mode, StateOf, Stateless, initial_state};
pub(crate) use layer::{sequential, stateless};
pub use layer_norm::LayerNorm;
pub use lora::Lora;
pub use lstm::{Lstm, LstmState};
pub use max_pool::{MaxPool, MaxPool1d, MaxPool2d, MaxPool3d};
pub use mlp::Mlp;
pub use pixel_shuffle::PixelShuffle;
pub use positions::{LearnedPositions, SinusoidalPositions};
pub use prelu::Prelu;
pub use projection::Projection;
pub use recurrent::{RecurrentLayer, RecurrentOptions, RecurrentWeights};
pub use reshape::Reshape;
pub use residual::{Residual, ResidualState};
pub use rms_norm::RmsNorm;
pub use rnn::Rnn;
pub use rotary::{Pairing, Rotary};
pub use stack::{Run, Stack};
pub use stochastic_depth::StochasticDepth;
pub use transformer::{Context, Norm, Transformer, TransformerBlock, TransformerOptions};
pub use upsample::{Interpolation, Upsample};
pub use windows::{IntoSizes, Padding, Windows};

use quadric_autodiff::trace::Var;

/// A model that gives one row of logits for each example.
///
/// Methods and measurements that need the logits of *any* model ask for this.
pub trait Classifier {
    /// The logits `z(θ, x)`: `[B, …] -> [B, C]`.
    fn logits(&self, x: Var) -> Var;
}

//! Networks that everybody knows, a network a file, put together from [layers](crate::layers).
//!
//! Images are `[B, C, H, W]`, texts `[B, T]` of `i32`. A model is a [`Layer`](crate::layers::Layer): its statistics go in and come out, what is drawn is
//! drawn from a key. Equal blocks are a [`Stack`](crate::layers::Stack), so that a deep network compiles as fast as a shallow one;
//! `run` chooses how they are run.

mod conv_net;
mod gpt;
mod identity_shortcut;
mod le_net;
mod lstm_language_model;
mod res_net;
mod sampler;
mod sampling;
mod vit;
mod wide_res_net;

pub use conv_net::{ConvNet, ConvNetBlock, ConvNetState};
pub use gpt::{Gpt, GptOptions};
pub use identity_shortcut::IdentityShortcut;
pub use le_net::{LeNet5, LeNet5Features, LeNet5Head, LeNet5State};
pub use lstm_language_model::LstmLanguageModel;
pub use res_net::{ResNet, ResNetBlock, ResNetStage, ResNetStageState, ResNetState};
pub use sampler::Sampler;
pub use sampling::Sampling;
pub use vit::{Vit, VitOptions};
pub use wide_res_net::{
    WideResNet, WideResNetBlock, WideResNetFirst, WideResNetStage, WideResNetStageState, WideResNetState,
};

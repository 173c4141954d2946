//! Networks that everybody knows, a network a file, put together from [layers](crate::layers).
//!
//! Images are `[B, C, H, W]`. A model is a [`Layer`](crate::layers::Layer): its statistics go in and come out, what is drawn is
//! drawn from a key. Equal blocks are a [`Stack`](crate::layers::Stack), so that a deep network compiles as fast as a shallow one;
//! `run` chooses how they are run.

mod conv_net;
mod identity_shortcut;
mod le_net;
mod res_net;
mod wide_res_net;

pub use conv_net::{ConvNet, ConvNetBlock};
pub use identity_shortcut::IdentityShortcut;
pub use le_net::LeNet5;
pub use res_net::{ResNet, ResNetBlock, ResNetStage};
pub use wide_res_net::{WideResNet, WideResNetBlock, WideResNetFirst, WideResNetStage};
//! Whole models, a model a file: each is put together from [`layers`](crate::layers) in a page, to be used or to be copied and changed.

mod gpt;
mod lstm_language_model;
mod sampling;
mod vit;

pub use gpt::{Gpt, GptOptions};
pub use lstm_language_model::LstmLanguageModel;
pub use sampling::Sampling;
pub use vit::{Vit, VitOptions};

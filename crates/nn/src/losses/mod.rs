//! Losses: functions of logits or outputs, one number for each example; a loss a file.
//!
//! They return `[B]` and leave the mean to the caller, who so says which mean is taken.

mod accuracy;
mod cross_entropy;
mod mse;
mod softmax;

pub use accuracy::accuracy;
pub use cross_entropy::cross_entropy;
pub use mse::mse;
pub use softmax::{log_softmax, softmax, softmin};

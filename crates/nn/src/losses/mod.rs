//! Losses: functions of logits or outputs; a loss a file.
//!
//! They return one number for each example, or for each entry where their doc says so, and leave the mean to the caller, who so says which mean
//! is taken: `cross_entropy(z, y).mean()`. Where examples do not all count the same, what the mean divides by belongs to the loss: such a
//! loss returns [`Weighted`], which has the mean. The plain mean over no example is 0/0, NaN; that of [`Weighted`] is 0.
//!
//! | of | losses |
//! |---|---|
//! | classes, by logits | [`cross_entropy()`], [`CrossEntropy`] (smoothing, weights, ignored labels), [`cross_entropy_with_probabilities`], [`focal()`], [`multi_margin`] |
//! | classes, by log-probabilities | [`nll()`], [`kl_divergence()`] |
//! | yes and no | [`binary_cross_entropy_with_logits`], [`weighted_binary_cross_entropy_with_logits`], [`binary_focal`], [`hinge()`] |
//! | numbers | [`mse()`], [`squared_error`], [`l1()`], [`huber()`], [`smooth_l1`] |
//! | distributions | [`gaussian_nll()`], [`poisson_nll()`] |
//! | embeddings | [`cosine_similarity`], [`cosine_embedding`], [`triplet_margin()`] |
//! | sequences | [`ctc()`] |
//!
//! They are exact to every order and finite at logits of ±1e4, with derivatives. Operands must be alike where the formula takes a difference: a `[B, 1]` and a
//! `[B]` are an error, and not a `[B, B]`.

mod accuracy;
mod binary_cross_entropy;
mod check;
mod cosine;
mod cross_entropy;
mod ctc;
mod focal;
mod gaussian_nll;
mod hinge;
mod huber;
mod kl_divergence;
mod l1;
mod mse;
mod nll;
mod poisson_nll;
mod soft_cross_entropy;
mod softmax;
mod triplet_margin;
mod weighted;

pub use accuracy::accuracy;
pub use binary_cross_entropy::{binary_cross_entropy_with_logits, weighted_binary_cross_entropy_with_logits};
pub use cosine::{cosine_embedding, cosine_similarity};
pub use cross_entropy::{CrossEntropy, cross_entropy};
pub use ctc::ctc;
pub use focal::{binary_focal, focal};
pub use gaussian_nll::gaussian_nll;
pub use hinge::{hinge, multi_margin};
pub use huber::{huber, smooth_l1};
pub use kl_divergence::kl_divergence;
pub use l1::l1;
pub use mse::{mse, squared_error};
pub use nll::nll;
pub use poisson_nll::poisson_nll;
pub use soft_cross_entropy::cross_entropy_with_probabilities;
pub use softmax::{log_softmax, softmax, softmin};
pub use triplet_margin::triplet_margin;
pub use weighted::Weighted;

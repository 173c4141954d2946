//! Layers, activations, losses, optimizers and schedules for Quadric, with the data and the files they need.
//!
//! Everything that computes is a function of [`Var`](quadric_autodiff::trace::Var)s inside a trace, composed of the
//! engine's primitives, and so exact to every order. A model is a tree of tensors ([`Mlp`]), an optimizer is a pure function
//! from parameters, direction and state to parameters and state ([`Optimizer`]), a schedule is plain Rust that gives
//! the rate of a step ([`Schedule`]).
//!
//! Every public function opens a scope, so that reports speak of layers by name. Activations, softmax and
//! cross-entropy open a *nonlinear* scope: composed as they are, `x · Φ(x)` holds a product that is no product of the
//! model, and the multilinear part of the Hessian must not count it.
//!
//! # Example
//! ```
//! use quadric_autodiff::{DType, Tensor, tensor, trace::{Var, compile, cut, value_and_grad}, Tree};
//! use quadric_nn::{Activation, Mlp, Optimizer, Sgd, cross_entropy};
//!
//! let model = Mlp::new(&[2, 8, 2], Activation::Gelu, DType::F64, 1);
//! let optimizer = Sgd::new().momentum(0.9);
//! let mut state = optimizer.init(&model);
//! let mut model = model;
//! let mut step = compile(|(model, state, x, y, rate): (Mlp<Var>, _, Var, Var, Var)| {
//!     let loss = |m: Mlp<Var>| cross_entropy(cut("logits", m.logits(x)), y).mean();
//!     let (value, grad) = value_and_grad(loss, &model);
//!     let (model, state) = optimizer.update(&model, &grad, &state, rate);
//!     (value, model, state)
//! });
//! let (x, y) = (tensor![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], tensor![0, 1, 1, 0]); // xor
//! let mut value = Tensor::scalar(0.0);
//! for _ in 0..200 {
//!     (value, model, state) = step.call((model, state, x.clone(), y.clone(), Tensor::scalar(0.1)))?;
//! }
//! assert!(value.item() < 0.01);
//! # Ok::<(), quadric_autodiff::Error>(())
//! ```

quadric_autodiff::library!();

pub mod activations;
pub mod archive;
pub mod checkpoint;
pub mod data;
pub mod files;
mod json;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod models;
pub mod optimizers;
pub mod schedules;
mod tensors;
pub mod training;
pub mod weights;

pub use activations::{Activation, Activations, ParseActivationError};
pub use checkpoint::{Checkpoint, Checkpoints};
pub use layers::*;
pub use losses::{CrossEntropy, Weighted, accuracy, cross_entropy, log_softmax, mse, softmax};
pub use optimizers::*;
pub use schedules::*;
pub use training::{Outcome, Step, Training};

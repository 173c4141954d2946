//! Training methods that use or penalize the curvature of the loss: the SAM family, gradient and trace penalties, weight noise.
//!
//! Each method is a function *inside the trace*, from a loss and parameters to an [`Update`], the direction that an
//! optimizer follows. So a method runs with any model and any optimizer, is compiled with the step around it, and can be
//! differentiated like anything else. A method a file; a struct holds its settings.
//!
//! What changes between steps (the strength ρ, λ or σ, the random key) is a [`Var`], an argument of the compiled step. What stays
//! (the number of probes, a part of the Hessian) is plain Rust and a constant of it.
//!
//! | method | direction | strength |
//! |---|---|---|
//! | [`Sam`] | `∇L(θ + ρ g̃)` | ρ |
//! | [`Usam`] | `∇L(θ + ρ g)` | ρ |
//! | [`Asam`] | `∇L(θ + ρ T² g/‖T g‖)` | ρ |
//! | [`FisherSam`] | `∇L(θ + ρ F⁻¹ g/√(gᵀF⁻¹g))` | ρ |
//! | [`Gsam`] | `∇L(θ + ρ g̃) − α g_⊥` | ρ |
//! | [`LookSam`] | SAM every k-th step, its sideways part reused between | ρ |
//! | [`GradientNorm`] | `(1−α) g + α ∇L(θ + r g̃)` | r |
//! | [`GradientPower`] | `∇(L + ρ‖∇L‖ᵖ)`, exact | ρ |
//! | [`PenaltySam`] | `g + ρ H g̃`, or with G or N in place of H | ρ |
//! | [`ImplicitGradient`] | `∇(L + (η/4)‖∇L‖²)` | η |
//! | [`WeightNoise`] | `∇L(θ + ε)`, `ε ~ N(0, σ²)` | σ |
//! | [`HessianTrace`] | `∇(L + λ vᵀHv)` | λ |
//! | [`GaussNewtonTrace`] | `∇(L + λ vᵀGv)` | λ |
//! | [`SampledTrace`] | `∇(L + λ B‖∇L(θ, ŷ)‖²)`, `ŷ ~ softmax(z)` | λ |
//!
//! `g = ∇L`, `g̃ = g/‖g‖` over all tensors, 0 where g is 0. [`Method`] names them for programs that choose one at run time.
//!
//! # Example
//! ```
//! use quadric_autodiff::{tensor, Tensor, trace::{Var, compile}};
//! use quadric_regularization::Sam;
//!
//! let loss = |x: Var| (x * x).sum();
//! let mut step = compile(|(x, rho): (Var, Var)| x - Sam { rho }.update(&loss, &x).direction * 0.25);
//! // ∇L(x + ρ g̃) = 2 (x + ρ x/‖x‖) = (6, 8) + 2 ρ (0.6, 0.8)
//! assert_eq!(step.call((tensor![3.0, 4.0], Tensor::scalar(5.0)))?, tensor![0.0, 0.0]);
//! # Ok::<(), quadric_autodiff::Error>(())
//! ```
//!
//! [`Var`]: quadric_autodiff::trace::Var

quadric_autodiff::library!();

mod asam;
mod fisher_sam;
mod gauss_newton_trace;
mod gradient_norm;
mod gradient_power;
mod gsam;
mod hessian_trace;
mod implicit_gradient;
mod look_sam;
mod method;
mod objective;
mod penalty_sam;
mod plain;
pub mod probes;
mod sam;
mod sampled_trace;
mod update;
mod usam;
mod weight_noise;

pub use asam::{Asam, LeafPredicate, rank_two_or_more};
pub use fisher_sam::FisherSam;
pub use gauss_newton_trace::GaussNewtonTrace;
pub use gradient_norm::GradientNorm;
pub use gradient_power::GradientPower;
pub use gsam::Gsam;
pub use hessian_trace::HessianTrace;
pub use implicit_gradient::ImplicitGradient;
pub use look_sam::LookSam;
pub use method::{Method, ParseMethodError};
pub use objective::{Classification, Loss, Objective, Penalized};
pub use penalty_sam::PenaltySam;
pub use plain::Plain;
pub use quadric_curvature::Probe;
pub use sam::Sam;
pub use sampled_trace::SampledTrace;
pub use update::Update;
pub use usam::Usam;
pub use weight_noise::WeightNoise;

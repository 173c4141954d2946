//! Activations: elementwise φ, an activation a file, and the enum that names them all.
//!
//! Each opens a nonlinear scope of its own name. The ones composed of primitives are exact to every order; three
//! *interventions* keep φ and φ′ to the bit and declare φ″, by
//! [`declare_second_derivative`](quadric_autodiff::trace::declare_second_derivative): only differentiation of the gradient sees it.
//!
//! | name | φ(x) | φ″(x) |
//! |---|---|---|
//! | `identity` | x | 0 |
//! | `relu` | max(x, 0), φ′(0) = 0 | 0 |
//! | `leaky-relu[:α]` | x, or αx for x ≤ 0 (α = 0.01) | 0 |
//! | `gelu` | x Φ(x) | n(x)(2 − x²) |
//! | `beta-gelu:β` | x Φ(βx) | β n(βx)(2 − β²x²) |
//! | `gelu-ablated` | x Φ(x) | 0, declared |
//! | `gelu-declared` | x Φ(x) | n(x)(2 − x²), declared (a control) |
//! | `relu-synthetic[:β]` | max(x, 0) | β/√(2π) exp(−β²x²/2), declared (β = 100) |
//! | `relu-synthetic-listing[:β]` | max(x, 0) | β/√(2π) exp(−β²x²), declared (β = 100) |
//! | `silu` | x σ(x) | σ′(x)(2 + x(1 − 2σ(x))) |
//! | `tanh` | tanh x | −2 tanh x (1 − tanh² x) |
//! | `softplus` | ln(1 + eˣ) | σ′(x) |
//! | `logistic` | σ(x) = 1/(1 + e⁻ˣ) | σ′(x)(1 − 2σ(x)) |
//!
//! n is the standard normal density and Φ its distribution function: GELU is the exact form.
//!
//! φ and its first three derivatives are accurate to 8 units in the last place in both float types, at every magnitude of x;
//! `docs/accuracy.md` has the bounds of each. A NaN comes out as a NaN, in derivatives too until they are constants
//! that x has no part in. At ±∞ there is the limit, but for those of the form x f(x) (GELU in all its forms, SiLU): they have 0 · ∞ in their
//! derivatives, and in the value at −∞, and are NaN where it is met. A guard against it would be paid at every x.

mod beta_gelu;
mod gelu;
mod gelu_ablated;
mod gelu_declared;
mod leaky_relu;
mod logistic;
mod relu;
mod relu_synthetic;
mod scaled;
mod silu;
mod softplus;
mod tanh;

pub use beta_gelu::beta_gelu;
pub use gelu::gelu;
pub use gelu_ablated::gelu_ablated;
pub use gelu_declared::gelu_declared;
pub use leaky_relu::leaky_relu;
pub use logistic::logistic;
pub use relu::relu;
pub use relu_synthetic::{relu_synthetic, relu_synthetic_listing};
pub use silu::silu;
pub use softplus::softplus;
pub use tanh::tanh;

use std::fmt;
use std::str::FromStr;

use quadric_autodiff::Static;
use quadric_autodiff::trace::Var;

/// An elementwise activation by name: a static field of a model, read and printed by its name (see the [module](self)).
///
/// # Example
/// ```
/// use quadric_nn::Activation;
/// let activation: Activation = "beta-gelu:4".parse()?;
/// assert_eq!(activation, Activation::BetaGelu { beta: 4.0 });
/// assert_eq!(activation.to_string(), "beta-gelu:4");
/// assert!("gelo".parse::<Activation>().unwrap_err().to_string().contains("gelu-ablated"));
/// # Ok::<(), quadric_nn::ParseActivationError>(())
/// ```
#[derive(Static, Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// x, no activation.
    Identity,
    /// [`relu`].
    Relu,
    /// [`leaky_relu`].
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// [`gelu`].
    Gelu,
    /// [`beta_gelu`].
    BetaGelu {
        /// The sharpness; → ReLU as β → ∞.
        beta: f64,
    },
    /// [`gelu_ablated`].
    GeluAblated,
    /// [`gelu_declared`].
    GeluDeclared,
    /// [`relu_synthetic`].
    ReluSynthetic {
        /// The sharpness of the declared φ″.
        beta: f64,
    },
    /// [`relu_synthetic_listing`].
    ReluSyntheticListing {
        /// The sharpness of the declared φ″.
        beta: f64,
    },
    /// [`silu`].
    Silu,
    /// [`tanh`].
    Tanh,
    /// [`softplus`].
    Softplus,
    /// [`logistic`].
    Logistic,
}

impl Activation {
    /// What [`from_str`](Activation::from_str) accepts, for help texts.
    pub const NAMES: [&str; 13] = [
        "identity",
        "relu",
        "leaky-relu[:slope]",
        "gelu",
        "beta-gelu:beta",
        "gelu-ablated",
        "gelu-declared",
        "relu-synthetic[:beta]",
        "relu-synthetic-listing[:beta]",
        "silu",
        "tanh",
        "softplus",
        "logistic",
    ];

    /// φ(x), elementwise.
    #[track_caller]
    #[must_use]
    pub fn apply(self, x: Var) -> Var {
        match self {
            Activation::Identity => x,
            Activation::Relu => relu(x),
            Activation::LeakyRelu { slope } => leaky_relu(x, slope),
            Activation::Gelu => gelu(x),
            Activation::BetaGelu { beta } => beta_gelu(x, beta),
            Activation::GeluAblated => gelu_ablated(x),
            Activation::GeluDeclared => gelu_declared(x),
            Activation::ReluSynthetic { beta } => relu_synthetic(x, beta),
            Activation::ReluSyntheticListing { beta } => relu_synthetic_listing(x, beta),
            Activation::Silu => silu(x),
            Activation::Tanh => tanh(x),
            Activation::Softplus => softplus(x),
            Activation::Logistic => logistic(x),
        }
    }
}

/// The name, with its parameter behind a colon.
impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Activation::Identity => f.write_str("identity"),
            Activation::Relu => f.write_str("relu"),
            Activation::LeakyRelu { slope } => write!(f, "leaky-relu:{slope}"),
            Activation::Gelu => f.write_str("gelu"),
            Activation::BetaGelu { beta } => write!(f, "beta-gelu:{beta}"),
            Activation::GeluAblated => f.write_str("gelu-ablated"),
            Activation::GeluDeclared => f.write_str("gelu-declared"),
            Activation::ReluSynthetic { beta } => write!(f, "relu-synthetic:{beta}"),
            Activation::ReluSyntheticListing { beta } => write!(f, "relu-synthetic-listing:{beta}"),
            Activation::Silu => f.write_str("silu"),
            Activation::Tanh => f.write_str("tanh"),
            Activation::Softplus => f.write_str("softplus"),
            Activation::Logistic => f.write_str("logistic"),
        }
    }
}

/// A name that is no activation, or a parameter that is no finite number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseActivationError(String);

impl fmt::Display for ParseActivationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseActivationError {}

impl FromStr for Activation {
    type Err = ParseActivationError;

    fn from_str(text: &str) -> Result<Activation, ParseActivationError> {
        let fault = |what: String| Err(ParseActivationError(what));
        let (name, parameter) = match text.split_once(':') {
            Some((name, number)) => match number.parse::<f64>() {
                Ok(number) if number.is_finite() => (name, Some(number)),
                _ => return fault(format!("activation \"{text}\": \"{number}\" is no finite number")),
            },
            None => (text, None),
        };
        let beta = parameter.unwrap_or(relu_synthetic::DEFAULT_BETA);
        let positive = |beta: f64| beta > 0.0;
        let activation = match name {
            "leaky-relu" => Activation::LeakyRelu { slope: parameter.unwrap_or(leaky_relu::DEFAULT_SLOPE) },
            "beta-gelu" | "relu-synthetic" | "relu-synthetic-listing" if !positive(beta) => {
                return fault(format!("activation \"{text}\": beta must be above 0"));
            }
            "beta-gelu" => match parameter {
                Some(beta) => Activation::BetaGelu { beta },
                None => return fault("activation \"beta-gelu\" needs its sharpness, as in beta-gelu:4".into()),
            },
            "relu-synthetic" => Activation::ReluSynthetic { beta },
            "relu-synthetic-listing" => Activation::ReluSyntheticListing { beta },
            _ => {
                let plain = match name {
                    "identity" => Activation::Identity,
                    "relu" => Activation::Relu,
                    "gelu" => Activation::Gelu,
                    "gelu-ablated" => Activation::GeluAblated,
                    "gelu-declared" => Activation::GeluDeclared,
                    "silu" => Activation::Silu,
                    "tanh" => Activation::Tanh,
                    "softplus" => Activation::Softplus,
                    "logistic" => Activation::Logistic,
                    _ => {
                        let known = Activation::NAMES.join(", ");
                        return fault(format!("there is no activation \"{name}\"; there are {known}"));
                    }
                };
                if parameter.is_some() {
                    return fault(format!("activation \"{text}\": {name} takes no parameter"));
                }
                plain
            }
        };
        Ok(activation)
    }
}

/// Activations as methods, `x.gelu()`; those that are primitives of the engine (`x.tanh()`, `x.logistic()`, `x.softplus()`) are methods of `Var`.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad}};
/// use quadric_nn::Activations;
/// let g = grad(|x: Var| x.relu().sum(), &tensor![-1.0, 0.0, 2.0])?;
/// assert_eq!(g, tensor![0.0, 0.0, 1.0]); // relu'(0) = 0
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub trait Activations: Copy {
    /// [`relu`].
    #[track_caller]
    #[must_use]
    fn relu(self) -> Self;
    /// [`leaky_relu`].
    #[track_caller]
    #[must_use]
    fn leaky_relu(self, slope: f64) -> Self;
    /// [`gelu`].
    #[track_caller]
    #[must_use]
    fn gelu(self) -> Self;
    /// [`beta_gelu`].
    #[track_caller]
    #[must_use]
    fn beta_gelu(self, beta: f64) -> Self;
    /// [`silu`].
    #[track_caller]
    #[must_use]
    fn silu(self) -> Self;
    /// Any [`Activation`].
    #[track_caller]
    #[must_use]
    fn activate(self, activation: Activation) -> Self;
}

impl Activations for Var {
    #[track_caller]
    fn relu(self) -> Var {
        relu(self)
    }
    #[track_caller]
    fn leaky_relu(self, slope: f64) -> Var {
        leaky_relu(self, slope)
    }
    #[track_caller]
    fn gelu(self) -> Var {
        gelu(self)
    }
    #[track_caller]
    fn beta_gelu(self, beta: f64) -> Var {
        beta_gelu(self, beta)
    }
    #[track_caller]
    fn silu(self) -> Var {
        silu(self)
    }
    #[track_caller]
    fn activate(self, activation: Activation) -> Var {
        activation.apply(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Activation;

    /// The next in the order of the declaration; a new one does not compile before it has its place.
    fn next(activation: Activation) -> Option<Activation> {
        let beta = 2.0;
        Some(match activation {
            Activation::Identity => Activation::Relu,
            Activation::Relu => Activation::LeakyRelu { slope: 0.1 },
            Activation::LeakyRelu { .. } => Activation::Gelu,
            Activation::Gelu => Activation::BetaGelu { beta },
            Activation::BetaGelu { .. } => Activation::GeluAblated,
            Activation::GeluAblated => Activation::GeluDeclared,
            Activation::GeluDeclared => Activation::ReluSynthetic { beta },
            Activation::ReluSynthetic { .. } => Activation::ReluSyntheticListing { beta },
            Activation::ReluSyntheticListing { .. } => Activation::Silu,
            Activation::Silu => Activation::Tanh,
            Activation::Tanh => Activation::Softplus,
            Activation::Softplus => Activation::Logistic,
            Activation::Logistic => return None,
        })
    }

    #[test]
    fn every_activation_has_its_name_in_the_list() {
        let all = std::iter::successors(Some(Activation::Identity), |a| next(*a));
        let printed: Vec<String> = all.map(|a| a.to_string().split(':').next().unwrap().to_string()).collect();
        let listed = Activation::NAMES.map(|name| name.split([':', '[']).next().unwrap());
        assert_eq!(printed, listed);
    }
}

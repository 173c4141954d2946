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
//! | `gelu-tanh` | ½ x (1 + tanh(√(2/π)(x + 0.044715 x³))) | |
//! | `elu[:α]` | x, or α(eˣ − 1) for x ≤ 0 (α = 1) | 0, or αeˣ |
//! | `selu` | λ times `elu:1.67…`, λ = 1.05… | 0, or λαeˣ |
//! | `celu[:α]` | x, or α(e^(x/α) − 1) for x ≤ 0 (α = 1) | 0, or e^(x/α)/α |
//! | `mish` | x tanh(ln(1 + eˣ)) | |
//! | `hardswish` | x min(max(x + 3, 0), 6)/6 | ⅓ for \|x\| < 3, or 0 |
//! | `hardsigmoid` | min(max(x + 3, 0), 6)/6 | 0 |
//! | `hardtanh` | min(max(x, −1), 1) | 0 |
//! | `relu6` | min(max(x, 0), 6) | 0 |
//! | `logsigmoid` | ln σ(x) | −σ′(x) |
//! | `softsign` | x/(1 + \|x\|) | −2 sign(x)/(1 + \|x\|)³ |
//! | `tanhshrink` | x − tanh x | 2 tanh x (1 − tanh² x) |
//! | `softshrink[:λ]` | x − sign(x) λ, or 0 for \|x\| ≤ λ (λ = ½) | 0 |
//! | `hardshrink[:λ]` | x, or 0 for \|x\| ≤ λ (λ = ½) | 0 |
//!
//! At a kink the derivative is that from the side of the constant, or for those of the ELU family that from the left: torch's choices.
//! [`hardtanh()`] with bounds of one's own, [`threshold()`] and the gated units ([`glu()`], [`swiglu`], [`geglu`]) are functions without a name in the list.
//!
//! n is the standard normal density and Φ its distribution function: GELU is the exact form.
//!
//! φ and its first three derivatives are accurate to 8 units in the last place in both float types, at every magnitude of x (but in the tails of `gelu-tanh`,
//! `celu` and `mish`, which feel the rounding of an argument); `docs/accuracy.md` has the bounds of each. A NaN comes out as a NaN, in derivatives too until they are constants
//! that x has no part in. At ±∞ there is the limit, but for those of the form x f(x) (GELU in all its forms, SiLU, Mish): they have 0 · ∞ in their
//! derivatives, and in the value at −∞, and are NaN where it is met. A guard against it would be paid at every x.

mod beta_gelu;
mod celu;
mod elu;
mod gelu;
mod gelu_ablated;
mod gelu_declared;
mod gelu_tanh;
mod glu;
mod hardsigmoid;
mod hardswish;
mod hardtanh;
mod leaky_relu;
mod logistic;
mod logsigmoid;
mod mish;
mod relu;
mod relu_synthetic;
mod scaled;
mod selu;
mod shrink;
mod silu;
mod softplus;
mod softsign;
mod tanh;
mod tanhshrink;

pub use beta_gelu::beta_gelu;
pub use celu::celu;
pub use elu::elu;
pub use gelu::gelu;
pub use gelu_ablated::gelu_ablated;
pub use gelu_declared::gelu_declared;
pub use gelu_tanh::gelu_tanh;
pub use glu::{geglu, glu, halves, swiglu};
pub use hardsigmoid::hardsigmoid;
pub use hardswish::hardswish;
pub use hardtanh::{hardtanh, relu6};
pub use leaky_relu::leaky_relu;
pub use logistic::logistic;
pub use logsigmoid::logsigmoid;
pub use mish::mish;
pub use relu::relu;
pub(crate) use relu::{composed as positive_part, nan_mark};
pub use relu_synthetic::{relu_synthetic, relu_synthetic_listing};
pub use selu::selu;
pub use shrink::{hardshrink, softshrink, threshold};
pub use silu::silu;
pub use softplus::softplus;
pub use softsign::softsign;
pub use tanh::tanh;
pub use tanhshrink::tanhshrink;

use std::fmt;
use std::str::FromStr;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Static};

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
        /// The sharpness, above 0; → ReLU as β → ∞.
        beta: f64,
    },
    /// [`gelu_ablated`].
    GeluAblated,
    /// [`gelu_declared`].
    GeluDeclared,
    /// [`relu_synthetic`].
    ReluSynthetic {
        /// The sharpness of the declared φ″, above 0.
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
    /// [`gelu_tanh`].
    GeluTanh,
    /// [`elu`].
    Elu {
        /// What −φ tends to at −∞.
        alpha: f64,
    },
    /// [`selu`].
    Selu,
    /// [`celu`].
    Celu {
        /// What −φ tends to at −∞, above 0.
        alpha: f64,
    },
    /// [`mish`].
    Mish,
    /// [`hardswish`].
    Hardswish,
    /// [`hardsigmoid`].
    Hardsigmoid,
    /// [`hardtanh`] between −1 and 1.
    Hardtanh,
    /// [`relu6`].
    Relu6,
    /// [`logsigmoid`].
    Logsigmoid,
    /// [`softsign`].
    Softsign,
    /// [`tanhshrink`].
    Tanhshrink,
    /// [`softshrink`].
    Softshrink {
        /// The width of what becomes 0, not below 0.
        lambda: f64,
    },
    /// [`hardshrink`].
    Hardshrink {
        /// The width of what becomes 0, not below 0.
        lambda: f64,
    },
}

impl Activation {
    /// What [`from_str`](Activation::from_str) accepts, for help texts.
    pub const NAMES: [&str; 27] = [
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
        "gelu-tanh",
        "elu[:alpha]",
        "selu",
        "celu[:alpha]",
        "mish",
        "hardswish",
        "hardsigmoid",
        "hardtanh",
        "relu6",
        "logsigmoid",
        "softsign",
        "tanhshrink",
        "softshrink[:lambda]",
        "hardshrink[:lambda]",
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
            Activation::GeluTanh => gelu_tanh(x),
            Activation::Elu { alpha } => elu(x, alpha),
            Activation::Selu => selu(x),
            Activation::Celu { alpha } => celu(x, alpha),
            Activation::Mish => mish(x),
            Activation::Hardswish => hardswish(x),
            Activation::Hardsigmoid => hardsigmoid(x),
            Activation::Hardtanh => hardtanh(x, -1.0, 1.0),
            Activation::Relu6 => relu6(x),
            Activation::Logsigmoid => logsigmoid(x),
            Activation::Softsign => softsign(x),
            Activation::Tanhshrink => tanhshrink(x),
            Activation::Softshrink { lambda } => softshrink(x, lambda),
            Activation::Hardshrink { lambda } => hardshrink(x, lambda),
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
            Activation::GeluTanh => f.write_str("gelu-tanh"),
            Activation::Elu { alpha } => write!(f, "elu:{alpha}"),
            Activation::Selu => f.write_str("selu"),
            Activation::Celu { alpha } => write!(f, "celu:{alpha}"),
            Activation::Mish => f.write_str("mish"),
            Activation::Hardswish => f.write_str("hardswish"),
            Activation::Hardsigmoid => f.write_str("hardsigmoid"),
            Activation::Hardtanh => f.write_str("hardtanh"),
            Activation::Relu6 => f.write_str("relu6"),
            Activation::Logsigmoid => f.write_str("logsigmoid"),
            Activation::Softsign => f.write_str("softsign"),
            Activation::Tanhshrink => f.write_str("tanhshrink"),
            Activation::Softshrink { lambda } => write!(f, "softshrink:{lambda}"),
            Activation::Hardshrink { lambda } => write!(f, "hardshrink:{lambda}"),
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

/// What a sharpness or a width must be; NaN is not.
fn positive(x: f64) -> bool {
    x > 0.0
}

/// Stops the trace unless a setting is finite and above 0, in the dtype it is computed in too: 1e-50 is 0 in f32.
#[track_caller]
pub(crate) fn check_positive(name: &str, what: &str, setting: f64, dtype: DType) {
    let held = if dtype == DType::F32 { f64::from(setting as f32) } else { setting };
    let fault = if !positive(setting) {
        format!("{what} must be above 0, it is {setting}")
    } else if setting.is_infinite() {
        format!("{what} must be finite, it is {setting}")
    } else if !positive(held) || held.is_infinite() {
        format!("{what} is {setting:e}, which is {held} in {dtype}")
    } else {
        return;
    };
    stop(Error::new(ErrorKind::Data, format!("{name}: {fault}")));
}

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
        let activation = match name {
            "leaky-relu" => Activation::LeakyRelu { slope: parameter.unwrap_or(leaky_relu::DEFAULT_SLOPE) },
            "beta-gelu" | "relu-synthetic" | "relu-synthetic-listing" if !positive(beta) => {
                return fault(format!("activation \"{text}\": beta must be above 0"));
            }
            "beta-gelu" => match parameter {
                Some(beta) => Activation::BetaGelu { beta },
                None => return fault("activation \"beta-gelu\" needs its sharpness, as in beta-gelu:4".into()),
            },
            "elu" => Activation::Elu { alpha: parameter.unwrap_or(elu::DEFAULT_ALPHA) },
            "celu" => match parameter.unwrap_or(celu::DEFAULT_ALPHA) {
                alpha if positive(alpha) => Activation::Celu { alpha },
                _ => return fault(format!("activation \"{text}\": alpha must be above 0")),
            },
            "softshrink" | "hardshrink" => match parameter.unwrap_or(shrink::DEFAULT_LAMBDA) {
                lambda if lambda < 0.0 => return fault(format!("activation \"{text}\": lambda must not be below 0")),
                lambda if name == "softshrink" => Activation::Softshrink { lambda },
                lambda => Activation::Hardshrink { lambda },
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
                    "gelu-tanh" => Activation::GeluTanh,
                    "selu" => Activation::Selu,
                    "mish" => Activation::Mish,
                    "hardswish" => Activation::Hardswish,
                    "hardsigmoid" => Activation::Hardsigmoid,
                    "hardtanh" => Activation::Hardtanh,
                    "relu6" => Activation::Relu6,
                    "logsigmoid" => Activation::Logsigmoid,
                    "softsign" => Activation::Softsign,
                    "tanhshrink" => Activation::Tanhshrink,
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
    /// [`gelu_tanh`].
    #[track_caller]
    #[must_use]
    fn gelu_tanh(self) -> Self;
    /// [`elu`].
    #[track_caller]
    #[must_use]
    fn elu(self, alpha: f64) -> Self;
    /// [`selu`].
    #[track_caller]
    #[must_use]
    fn selu(self) -> Self;
    /// [`mish`].
    #[track_caller]
    #[must_use]
    fn mish(self) -> Self;
    /// [`hardswish`].
    #[track_caller]
    #[must_use]
    fn hardswish(self) -> Self;
    /// [`relu6`].
    #[track_caller]
    #[must_use]
    fn relu6(self) -> Self;
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
    fn gelu_tanh(self) -> Var {
        gelu_tanh(self)
    }
    #[track_caller]
    fn elu(self, alpha: f64) -> Var {
        elu(self, alpha)
    }
    #[track_caller]
    fn selu(self) -> Var {
        selu(self)
    }
    #[track_caller]
    fn mish(self) -> Var {
        mish(self)
    }
    #[track_caller]
    fn hardswish(self) -> Var {
        hardswish(self)
    }
    #[track_caller]
    fn relu6(self) -> Var {
        relu6(self)
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
            Activation::Logistic => Activation::GeluTanh,
            Activation::GeluTanh => Activation::Elu { alpha: 2.0 },
            Activation::Elu { .. } => Activation::Selu,
            Activation::Selu => Activation::Celu { alpha: 2.0 },
            Activation::Celu { .. } => Activation::Mish,
            Activation::Mish => Activation::Hardswish,
            Activation::Hardswish => Activation::Hardsigmoid,
            Activation::Hardsigmoid => Activation::Hardtanh,
            Activation::Hardtanh => Activation::Relu6,
            Activation::Relu6 => Activation::Logsigmoid,
            Activation::Logsigmoid => Activation::Softsign,
            Activation::Softsign => Activation::Tanhshrink,
            Activation::Tanhshrink => Activation::Softshrink { lambda: 2.0 },
            Activation::Softshrink { .. } => Activation::Hardshrink { lambda: 2.0 },
            Activation::Hardshrink { .. } => return None,
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

//! What differences give, and how they are taken.

use crate::scalar::Scalar;

/// A number with a bound on its error, which is an estimate too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The extrapolated difference quotient.
    pub value: f64,
    /// How far from the truth `value` may be: truncation (Ridders) plus rounding.
    pub error: f64,
}

/// What a line tells about one entry of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) estimate: Estimate,
    /// Largest |φ(±h) − φ(0)| / hᵏ at the first step: the derivative that what the function does would suggest.
    pub(crate) variation: f64,
    /// The function moves no more than its rounding does, and longer steps find no slope hidden in it.
    pub(crate) still: bool,
    /// Below this step the function stands still, though it had moved at longer ones.
    pub(crate) flat_below: Option<f64>,
    /// The largest slope that could be hidden because the function does not change at these steps.
    pub(crate) hides: f64,
}

/// How to take differences. The default suits functions whose scale is the larger of 1 and their argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// First (largest) step, relative to max(1, |xᵢ|). It shrinks until the estimate converges.
    ///
    /// Not a round number: at 0.1 the quotients of sin(20πt) all vanish and agree on a derivative of 0.
    pub step: f64,
    /// Relative error at which refinement stops; `None` means √ε/100 of the scalar type.
    pub target: Option<f64>,
    /// How often the noise of the function is sampled; a sample costs seven values, once for every point.
    pub noise_samples: usize,
    /// Seed of the noise samples.
    pub seed: u64,
    /// The relative precision that the function is computed with, if that is coarser than its type: 6e-8 for `f32`
    /// inside an `f64` interface.
    pub precision: Option<f64>,
}

impl Settings {
    /// The distance from 1 to the next number that the function can tell apart.
    pub(crate) fn epsilon<T: Scalar>(&self) -> f64 {
        self.precision.map_or(T::EPSILON, |precision| precision.max(T::EPSILON))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings { step: 11.0 / 128.0, target: None, noise_samples: 3, seed: 0, precision: None }
    }
}

/// A derivative along a line: one estimate for every entry of the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Derivative {
    /// The estimates, in the order of the function's entries.
    pub entries: Vec<Estimate>,
    /// The largest step that was used: t in f(x + t v).
    pub largest_step: f64,
    /// The smallest step that was used.
    pub smallest_step: f64,
    /// How often the function was called.
    pub evaluations: usize,
    /// Largest |f| / stepᵏ at the first step: the derivative that f's own size would suggest.
    pub natural_scale: f64,
}

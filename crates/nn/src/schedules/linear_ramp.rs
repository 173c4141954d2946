//! A straight line.

use super::{PolynomialDecay, Schedule};

/// From one rate to another in equal parts, and the second from `steps` on: [`PolynomialDecay`] of power 1; PyTorch's `LinearLR`, which has the
/// ends as factors of the rate.
///
/// # Example
/// ```
/// use quadric_nn::{LinearRamp, Schedule};
/// let schedule = LinearRamp { from: 1.0, to: 0.0, steps: 4 };
/// assert_eq!((0..6).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearRamp {
    /// The rate of the first step.
    pub from: f64,
    /// The rate from `steps` on.
    pub to: f64,
    /// How long it takes.
    pub steps: usize,
}

impl Schedule for LinearRamp {
    fn rate(&self, step: usize) -> f64 {
        PolynomialDecay { from: self.from, to: self.to, steps: self.steps, power: 1.0 }.rate(step)
    }
}

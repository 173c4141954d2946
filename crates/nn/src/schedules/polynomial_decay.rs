//! A power of what is left.

use super::Schedule;

/// `to + (from − to) · (1 − t/steps)^power` at step t, and `to` from `steps` on; with power 1 a straight line, up or down.
///
/// PyTorch's `PolynomialLR` has `to` = 0; its `LinearLR` is power 1 with the ends `start_factor · rate` and `end_factor · rate`.
///
/// # Example
/// ```
/// use quadric_nn::{PolynomialDecay, Schedule};
/// let schedule = PolynomialDecay { from: 1.0, to: 0.0, steps: 4, power: 2.0 };
/// assert_eq!((0..6).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [1.0, 0.5625, 0.25, 0.0625, 0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PolynomialDecay {
    /// The rate of the first step.
    pub from: f64,
    /// The rate from `steps` on.
    pub to: f64,
    /// How long it takes.
    pub steps: usize,
    /// The power.
    pub power: f64,
}

impl Schedule for PolynomialDecay {
    fn rate(&self, step: usize) -> f64 {
        if step >= self.steps {
            return self.to;
        }
        let left = 1.0 - step as f64 / self.steps as f64;
        self.to + (self.from - self.to) * left.powf(self.power)
    }
}

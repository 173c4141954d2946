//! A fall by a factor in every step.

use super::Schedule;

/// `rate · factorᵗ`; PyTorch's `ExponentialLR`.
///
/// # Example
/// ```
/// use quadric_nn::{ExponentialDecay, Schedule};
/// let schedule = ExponentialDecay { rate: 0.5, factor: 0.5 };
/// assert_eq!((schedule.rate(0), schedule.rate(3)), (0.5, 0.0625));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExponentialDecay {
    /// The rate of the first step.
    pub rate: f64,
    /// What each step multiplies it by.
    pub factor: f64,
}

impl Schedule for ExponentialDecay {
    fn rate(&self, step: usize) -> f64 {
        self.rate * self.factor.powf(step as f64)
    }
}

//! A fall by a factor, again and again.

use super::Schedule;

/// `rate · factor^⌊t/every⌋`; PyTorch's `StepLR`, where the factor is 0.1.
///
/// # Panics
/// When it is asked for a rate and `every` is 0.
///
/// # Example
/// ```
/// use quadric_nn::{Schedule, StepDecay};
/// let schedule = StepDecay { rate: 1.0, every: 2, factor: 0.5 };
/// assert_eq!((0..5).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [1.0, 1.0, 0.5, 0.5, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepDecay {
    /// The rate of the first step.
    pub rate: f64,
    /// After how many steps it falls.
    pub every: usize,
    /// What it is multiplied by.
    pub factor: f64,
}

impl Schedule for StepDecay {
    fn rate(&self, step: usize) -> f64 {
        assert!(self.every > 0, "StepDecay: the rate falls every 0 steps; give 1 or more");
        self.rate * self.factor.powf((step / self.every) as f64)
    }
}

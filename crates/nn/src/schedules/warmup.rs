//! A linear rise before another schedule.

use super::Schedule;

/// A linear rise over the first `steps` steps to the first rate of `then`, which begins afterwards at its own step 0.
///
/// # Example
/// ```
/// use quadric_nn::{Constant, Schedule, Warmup};
/// let schedule = Warmup { steps: 4, then: Constant { rate: 0.4 } };
/// assert_eq!((0..6).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [0.1, 0.2, 0.4 * 0.75, 0.4, 0.4, 0.4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Warmup<S> {
    /// How long the rise takes; its last step has the full rate.
    pub steps: usize,
    /// What follows.
    pub then: S,
}

impl<S: Schedule> Schedule for Warmup<S> {
    fn rate(&self, step: usize) -> f64 {
        match step.checked_sub(self.steps) {
            Some(later) => self.then.rate(later),
            None => self.then.rate(0) * ((step + 1) as f64 / self.steps as f64),
        }
    }
}

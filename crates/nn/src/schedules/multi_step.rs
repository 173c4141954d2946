//! A fall by a factor at given steps.

use super::Schedule;

/// `rate · factorᵏ`, k the number of `milestones` that are not after step t; PyTorch's `MultiStepLR`. They need no order, and one named twice
/// counts twice.
///
/// # Example
/// ```
/// use quadric_nn::{MultiStep, Schedule};
/// let schedule = MultiStep { rate: 1.0, milestones: vec![1, 3], factor: 0.5 };
/// assert_eq!((0..5).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [1.0, 0.5, 0.5, 0.25, 0.25]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct MultiStep {
    /// The rate of the first step.
    pub rate: f64,
    /// The first steps with a lower rate.
    pub milestones: Vec<usize>,
    /// What the rate is multiplied by.
    pub factor: f64,
}

impl Schedule for MultiStep {
    fn rate(&self, step: usize) -> f64 {
        let passed = self.milestones.iter().filter(|&&milestone| milestone <= step).count();
        self.rate * self.factor.powf(passed as f64)
    }
}

//! Half a cosine.

use super::Schedule;

/// `floor + (peak − floor) · (1 + cos(π t/steps))/2` at step t, and the floor from `steps` on ([Loshchilov & Hutter 2017], one period;
/// PyTorch's `CosineAnnealingLR` with `T_max` and `eta_min`, which rises again after `T_max`).
///
/// [Loshchilov & Hutter 2017]: https://arxiv.org/abs/1608.03983
///
/// # Example
/// ```
/// use quadric_nn::{Cosine, Schedule};
/// let schedule = Cosine { peak: 0.2, floor: 0.0, steps: 10 };
/// assert_eq!((schedule.rate(0), schedule.rate(10)), (0.2, 0.0));
/// assert!((schedule.rate(5) - 0.1).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// The rate of the first step.
    pub peak: f64,
    /// What it falls to.
    pub floor: f64,
    /// Where it has fallen.
    pub steps: usize,
}

impl Schedule for Cosine {
    fn rate(&self, step: usize) -> f64 {
        if step >= self.steps {
            return self.floor;
        }
        let share = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.steps as f64).cos());
        self.floor + (self.peak - self.floor) * share
    }
}

//! Half cosines, one after the other.

use super::{Cosine, Schedule};

/// [`Cosine`] periods, each of which begins at the peak again and is `multiplier` times as long as the one before
/// ([Loshchilov & Hutter 2017]; PyTorch's `CosineAnnealingWarmRestarts` with `T_0`, `T_mult` and `eta_min`).
///
/// # Panics
/// When it is asked for a rate and `period` or `multiplier` is 0.
///
/// [Loshchilov & Hutter 2017]: https://arxiv.org/abs/1608.03983
///
/// # Example
/// ```
/// use quadric_nn::{CosineRestarts, Schedule};
/// let schedule = CosineRestarts { peak: 1.0, floor: 0.0, period: 2, multiplier: 2 };
/// let seen: Vec<f64> = (0..7).map(|t| (100.0 * schedule.rate(t)).round()).collect();
/// assert_eq!(seen, [100.0, 50.0, 100.0, 85.0, 50.0, 15.0, 100.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CosineRestarts {
    /// The rate of the first step of each period.
    pub peak: f64,
    /// What it falls towards.
    pub floor: f64,
    /// How many steps the first period has.
    pub period: usize,
    /// By how much each period is longer than the one before: 1 for equal ones.
    pub multiplier: usize,
}

impl Schedule for CosineRestarts {
    fn rate(&self, step: usize) -> f64 {
        assert!(
            self.period > 0 && self.multiplier > 0,
            "CosineRestarts: a first period of {} steps and a multiplier of {}; both must be 1 or more",
            self.period,
            self.multiplier
        );
        let (mut within, mut steps) = (step, self.period);
        if self.multiplier == 1 {
            within %= steps;
        }
        while within >= steps {
            within -= steps;
            steps = steps.saturating_mul(self.multiplier);
        }
        Cosine { peak: self.peak, floor: self.floor, steps }.rate(within)
    }
}

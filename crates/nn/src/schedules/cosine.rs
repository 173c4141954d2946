//! Half a cosine.

use super::Schedule;

/// `peak · (1 + cos(π t/steps))/2` at step t, and 0 from `steps` on ([Loshchilov & Hutter 2017], one period).
///
/// [Loshchilov & Hutter 2017]: https://arxiv.org/abs/1608.03983
///
/// # Example
/// ```
/// use quadric_nn::{Cosine, Schedule};
/// let schedule = Cosine { peak: 0.2, steps: 10 };
/// assert_eq!((schedule.rate(0), schedule.rate(10)), (0.2, 0.0));
/// assert!((schedule.rate(5) - 0.1).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cosine {
    /// The rate of the first step.
    pub peak: f64,
    /// Where it has fallen to 0.
    pub steps: usize,
}

impl Schedule for Cosine {
    fn rate(&self, step: usize) -> f64 {
        if step >= self.steps {
            return 0.0;
        }
        self.peak * 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / self.steps as f64).cos())
    }
}

//! One over the root of the step.

use super::Schedule;

/// `peak · √(steps/(t + 1))` from step `steps − 1` on, after a linear rise `peak · (t + 1)/steps` to it.
///
/// The schedule of the Transformer ([Vaswani et al. 2017], §5.3): with model width d its rate is `d^(−½) min(t^(−½), t · steps^(−3/2))`, t counted
/// from 1, which is this with `peak = (d · steps)^(−½)`. Without a rise, `steps` = 1.
///
/// # Panics
/// When it is asked for a rate and `steps` is 0.
///
/// [Vaswani et al. 2017]: https://arxiv.org/abs/1706.03762
///
/// # Example
/// ```
/// use quadric_nn::{InverseSqrt, Schedule};
/// let schedule = InverseSqrt { peak: 1.0, steps: 4 };
/// assert_eq!([0, 1, 2, 3, 15].map(|t| schedule.rate(t)), [0.25, 0.5, 0.75, 1.0, 0.5]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InverseSqrt {
    /// The largest rate.
    pub peak: f64,
    /// How long the rise takes; its last step has the largest rate.
    pub steps: usize,
}

impl Schedule for InverseSqrt {
    fn rate(&self, step: usize) -> f64 {
        assert!(self.steps > 0, "InverseSqrt: a rise of 0 steps; 1 is none");
        let (t, steps) = ((step + 1) as f64, self.steps as f64);
        if t < steps { self.peak * (t / steps) } else { self.peak * (steps / t).sqrt() }
    }
}

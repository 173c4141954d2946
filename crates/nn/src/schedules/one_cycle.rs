//! A rise and a fall that fill a run.

use super::Schedule;

/// From `peak/start` up to the peak in the first `rise` of the run, and down from there to `peak/start/end` at its last step; that rate also after
/// it ([Smith & Topin 2018], in the two-phase form of PyTorch's `OneCycleLR`, with its defaults).
///
/// Phases are half cosines, or straight lines with [`linear`](OneCycle::linear). The peak falls on step `rise · steps − 1`, between two steps if
/// that is no whole number. PyTorch's class also moves the momentum the other way, which is a constant of a compiled step here.
///
/// # Panics
/// When it is asked for a rate and there are fewer than two steps, or `rise` does not leave room for both phases: more than `1/steps`, less than 1.
///
/// [Smith & Topin 2018]: https://arxiv.org/abs/1708.07120
///
/// # Example
/// ```
/// use quadric_nn::{OneCycle, Schedule};
/// let schedule = OneCycle::new(1.0, 10).linear();
/// assert_eq!((schedule.rate(0), schedule.rate(2)), (1.0 / 25.0, 1.0));
/// assert!((schedule.rate(9) - 4e-6).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OneCycle {
    /// The largest rate.
    pub peak: f64,
    /// How many steps the run has.
    pub steps: usize,
    /// The share of the run in which the rate rises.
    pub rise: f64,
    /// By how much the first rate is smaller than the peak.
    pub start: f64,
    /// By how much the last rate is smaller than the first.
    pub end: f64,
    /// Whether the phases are straight lines.
    pub linear: bool,
}

impl OneCycle {
    /// Half cosines, with a rise over 0.3 of the run from 1/25 of the peak, and a fall to 1/10000 of that.
    pub fn new(peak: f64, steps: usize) -> OneCycle {
        OneCycle { peak, steps, rise: 0.3, start: 25.0, end: 1e4, linear: false }
    }

    /// With another share of the run in which the rate rises.
    #[must_use]
    pub fn rise(self, rise: f64) -> OneCycle {
        OneCycle { rise, ..self }
    }

    /// With the first rate `peak/start`, and the last `peak/start/end`.
    #[must_use]
    pub fn ends(self, start: f64, end: f64) -> OneCycle {
        OneCycle { start, end, ..self }
    }

    /// With straight lines.
    #[must_use]
    pub fn linear(self) -> OneCycle {
        OneCycle { linear: true, ..self }
    }
}

impl Schedule for OneCycle {
    fn rate(&self, step: usize) -> f64 {
        let (first, last) = (self.peak / self.start, self.peak / self.start / self.end);
        let top = self.rise * self.steps as f64 - 1.0;
        let end = self.steps as f64 - 1.0;
        assert!(
            self.steps >= 2 && top > 0.0 && top < end,
            "OneCycle: a rise over {} of {} steps leaves a phase without steps",
            self.rise,
            self.steps
        );
        let between = |from: f64, to: f64, share: f64| {
            if self.linear {
                return from + (to - from) * share;
            }
            to + (from - to) * 0.5 * (1.0 + (std::f64::consts::PI * share).cos())
        };
        let t = (step as f64).min(end);
        if t <= top { between(first, self.peak, t / top) } else { between(self.peak, last, (t - top) / (end - top)) }
    }
}

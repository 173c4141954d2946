//! No schedule.

use super::Schedule;

/// The same rate for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    /// The rate.
    pub rate: f64,
}

impl Schedule for Constant {
    fn rate(&self, _: usize) -> f64 {
        self.rate
    }
}

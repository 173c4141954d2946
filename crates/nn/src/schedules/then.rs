//! One schedule after another.

use super::Schedule;

/// `first` for `steps` steps, and then `then` from its own step 0 on: what [`Schedule::then`] makes; PyTorch's `SequentialLR`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Then<A, B> {
    /// What begins.
    pub first: A,
    /// How many steps of it.
    pub steps: usize,
    /// What follows.
    pub then: B,
}

impl<A: Schedule, B: Schedule> Schedule for Then<A, B> {
    fn rate(&self, step: usize) -> f64 {
        match step.checked_sub(self.steps) {
            Some(later) => self.then.rate(later),
            None => self.first.rate(step),
        }
    }
}

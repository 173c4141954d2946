//! Schedules: plain Rust that gives the rate of each step; a schedule a file.
//!
//! The rate is an argument of the compiled step: a number that a traced closure captured would be a constant from the
//! first call on.

mod constant;
mod cosine;
mod warmup;

pub use constant::Constant;
pub use cosine::Cosine;
pub use warmup::Warmup;

/// The rate of each step, steps counted from 0.
pub trait Schedule {
    /// The rate of this step.
    fn rate(&self, step: usize) -> f64;
}

impl<S: Schedule + ?Sized> Schedule for &S {
    fn rate(&self, step: usize) -> f64 {
        (**self).rate(step)
    }
}

impl<S: Schedule + ?Sized> Schedule for Box<S> {
    fn rate(&self, step: usize) -> f64 {
        (**self).rate(step)
    }
}

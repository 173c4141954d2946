//! Schedules: plain Rust that gives the rate of each step; a schedule a file.
//!
//! The rate is an argument of the compiled step: a number that a traced closure captured would be a constant from the
//! first call on.

mod constant;
mod cosine;
mod cosine_restarts;
mod exponential_decay;
mod inverse_sqrt;
mod linear_ramp;
mod multi_step;
mod one_cycle;
mod plateau;
mod polynomial_decay;
mod step_decay;
mod then;
mod warmup;

pub use constant::Constant;
pub use cosine::Cosine;
pub use cosine_restarts::CosineRestarts;
pub use exponential_decay::ExponentialDecay;
pub use inverse_sqrt::InverseSqrt;
pub use linear_ramp::LinearRamp;
pub use multi_step::MultiStep;
pub use one_cycle::OneCycle;
pub use plateau::Plateau;
pub use polynomial_decay::PolynomialDecay;
pub use step_decay::StepDecay;
pub use then::Then;
pub use warmup::Warmup;

/// The rate of each step, steps counted from 0.
pub trait Schedule {
    /// The rate of this step.
    fn rate(&self, step: usize) -> f64;

    /// This schedule for so many steps, and then another one from its own step 0 on.
    ///
    /// # Example
    /// ```
    /// use quadric_nn::{Constant, LinearRamp, Schedule};
    /// let schedule = LinearRamp { from: 0.0, to: 1.0, steps: 2 }.then(2, Constant { rate: 1.0 }).then(4, Constant { rate: 0.1 });
    /// assert_eq!((0..6).map(|t| schedule.rate(t)).collect::<Vec<_>>(), [0.0, 0.5, 1.0, 1.0, 0.1, 0.1]);
    /// ```
    fn then<S: Schedule>(self, steps: usize, then: S) -> Then<Self, S>
    where
        Self: Sized,
    {
        Then { first: self, steps, then }
    }
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

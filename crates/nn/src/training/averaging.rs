//! Which parameters are averaged.

/// A mean of the trained parameters over the run, kept beside them; see [`Average`](crate::Average). Evaluation is of the mean, as soon as there is one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Averaging {
    /// The exponential moving average of every step's parameters with this β, without a bias to where it began.
    Exponential(f64),
    /// Stochastic weight averaging: the plain mean of the parameters at the end of each epoch, from this epoch (counted from 0) on.
    Epochs {
        /// The first epoch whose end counts.
        from: u64,
    },
}

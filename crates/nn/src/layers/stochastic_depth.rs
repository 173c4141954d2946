//! Dropout of whole branches.

use std::marker::PhantomData;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Tensor, Tree};

use super::drop::{check_rate, drop, drops};
use crate::LIBRARY;

/// In training, each example is 0 with chance p and `x / (1 − p)` otherwise; afterwards the identity. At the end of the branch of a
/// [`Residual`](super::Residual), an example goes around the branch with chance p ([Huang et al. 2016], who scale afterwards instead).
///
/// [Huang et al. 2016]: https://arxiv.org/abs/1603.09382
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile, random}};
/// use quadric_nn::{StochasticDepth, Layer};
/// let layer: StochasticDepth<Var> = StochasticDepth::new(0.5);
/// let mut train = compile(|(x, key): (Var, Var)| layer.train(x, &layer.initial_state(), key).0);
/// let y = train.call((Tensor::from_fn(DType::F64, [50, 4], |_| 1.0), random::key(1, 0)))?.to_vec::<f64>();
/// assert!(y.chunks(4).all(|example| example == [0.0; 4] || example == [2.0; 4]));
/// assert!(y.contains(&0.0) && y.contains(&2.0));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct StochasticDepth<T = Tensor> {
    /// p, the chance to be dropped.
    pub rate: f64,
    leaf: PhantomData<T>,
}

impl<T> StochasticDepth<T> {
    /// Dropping with this chance.
    ///
    /// # Panics
    /// If `rate` is not from 0 to 1.
    pub fn new(rate: f64) -> StochasticDepth<T> {
        StochasticDepth { rate: check_rate("StochasticDepth::new", rate), leaf: PhantomData }
    }
}

drops!(
    StochasticDepth,
    "stochastic_depth",
    |shape| shape.iter().enumerate().map(|(axis, n)| if axis < 1 { *n } else { 1 }).collect(),
    "`x: [B, …]`, result the same."
);

//! Dropout of whole channels.

use std::marker::PhantomData;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{Tensor, Tree};

use super::drop::{check_rate, drop, drops};
use crate::LIBRARY;

/// In training, each channel of each example is 0 with chance p and `x / (1 − p)` otherwise; afterwards the identity ([Tompson et al. 2015]).
/// PyTorch's `Dropout1d`, `Dropout2d` and `Dropout3d`.
///
/// [Tompson et al. 2015]: https://arxiv.org/abs/1411.4280
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, Tensor, trace::{Var, compile, random}};
/// use quadric_nn::{ChannelDropout, Layer};
/// let layer: ChannelDropout<Var> = ChannelDropout::new(0.5);
/// let mut train = compile(|(x, key): (Var, Var)| layer.train(x, &layer.initial_state(), key).0);
/// let y = train.call((Tensor::from_fn(DType::F64, [50, 4, 3], |_| 1.0), random::key(1, 0)))?.to_vec::<f64>();
/// assert!(y.chunks(3).all(|channel| channel == [0.0; 3] || channel == [2.0; 3]));
/// assert!(y.contains(&0.0) && y.contains(&2.0));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq)]
pub struct ChannelDropout<T = Tensor> {
    /// p, the chance to be dropped.
    pub rate: f64,
    leaf: PhantomData<T>,
}

impl<T> ChannelDropout<T> {
    /// Dropping with this chance.
    ///
    /// # Panics
    /// If `rate` is not from 0 to 1.
    pub fn new(rate: f64) -> ChannelDropout<T> {
        ChannelDropout { rate: check_rate("ChannelDropout::new", rate), leaf: PhantomData }
    }
}

drops!(
    ChannelDropout,
    "channel_dropout",
    |shape| shape.iter().enumerate().map(|(axis, n)| if axis < 2 { *n } else { 1 }).collect(),
    "`x: [B, C, …]`, result the same."
);

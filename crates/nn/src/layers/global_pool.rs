//! One number for each channel.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree};

use super::stateless;
use crate::LIBRARY;

/// The mean of each channel, `[B, C, n…] → [B, C]` ([Lin et al. 2014], §3.2): what comes before the last dense layer.
///
/// [Lin et al. 2014]: https://arxiv.org/abs/1312.4400
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::GlobalAvgPool;
/// let pool: GlobalAvgPool<Var> = GlobalAvgPool::new();
/// assert_eq!(compile(|x: Var| pool.apply(x)).call(Tensor::new([1, 1, 2, 2], &[1.0, 2.0, 3.0, 6.0])?)?, tensor![[3.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq, Default)]
pub struct GlobalAvgPool<T = Tensor>(PhantomData<T>);

/// The largest entry of each channel, `[B, C, n…] → [B, C]`. Ties share the derivative equally.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::GlobalMaxPool;
/// let pool: GlobalMaxPool<Var> = GlobalMaxPool::new();
/// assert_eq!(compile(|x: Var| pool.apply(x)).call(Tensor::new([1, 1, 2, 2], &[1.0, 2.0, 3.0, 6.0])?)?, tensor![[6.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq, Default)]
pub struct GlobalMaxPool<T = Tensor>(PhantomData<T>);

impl<T> GlobalAvgPool<T> {
    /// The layer.
    pub fn new() -> GlobalAvgPool<T> {
        GlobalAvgPool(PhantomData)
    }
}

impl<T> GlobalMaxPool<T> {
    /// The layer.
    pub fn new() -> GlobalMaxPool<T> {
        GlobalMaxPool(PhantomData)
    }
}

impl GlobalAvgPool<Var> {
    /// # Errors
    /// Stops the trace if `x` has no axis behind the channels, or no entry there.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("global_avg_pool", || x.mean_axes(&behind_channels("global_avg_pool", x)))
    }
}

impl GlobalMaxPool<Var> {
    /// # Errors
    /// Stops the trace if `x` has no axis behind the channels, or no entry there.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.nonlinear_scope("global_max_pool", || x.max_axes(&behind_channels("global_max_pool", x)))
    }
}

#[track_caller]
fn behind_channels(name: &str, x: Var) -> Vec<isize> {
    let ty = x.ty();
    if ty.shape.rank() < 3 || ty.shape[2..].contains(&0) {
        stop(Error::new(ErrorKind::Shape, format!("{name}: the input {ty} has nothing behind its channels")));
    }
    (2..ty.shape.rank() as isize).collect()
}

stateless!(GlobalAvgPool, GlobalMaxPool);

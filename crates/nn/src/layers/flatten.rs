//! An example as one row.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree};

use super::stateless;
use crate::LIBRARY;

/// Every example as one row, `[B, …] → [B, n]`: what stands between convolutions and dense layers.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::Flatten;
/// let flatten: Flatten<Var> = Flatten::new();
/// assert_eq!(compile(|x: Var| flatten.apply(x)).call(Tensor::new([2, 2, 1], &[1.0, 2.0, 3.0, 4.0])?)?, tensor![[1.0, 2.0], [3.0, 4.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Copy, Debug, PartialEq, Default)]
pub struct Flatten<T = Tensor>(PhantomData<T>);

impl<T> Flatten<T> {
    /// The layer.
    pub fn new() -> Flatten<T> {
        Flatten(PhantomData)
    }
}

impl Flatten<Var> {
    /// # Errors
    /// Stops the trace if `x` has no axis.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("flatten", || {
            let shape = x.shape();
            if shape.rank() == 0 {
                stop(Error::new(ErrorKind::Shape, format!("flatten: the input {} has no axis of examples", x.ty())));
            }
            x.reshape([shape[0], shape[1..].iter().product()])
        })
    }
}

stateless!(Flatten);

//! The shape of an example, changed between layers.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Shape, Tensor, Tree};

use super::stateless;
use crate::LIBRARY;

/// Every example in another shape, `[B, …] → [B, shape]`: rows of pixels as images.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
/// use quadric_nn::Reshape;
/// let images: Reshape<Var> = Reshape::new([1, 2, 2]);
/// assert_eq!(compile(|x: Var| images.apply(x)).call(tensor![[1.0, 2.0, 3.0, 4.0]])?, Tensor::new([1, 1, 2, 2], &[1.0, 2.0, 3.0, 4.0])?);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Reshape<T = Tensor> {
    /// The shape of an example.
    pub shape: Vec<usize>,
    leaf: PhantomData<T>,
}

impl<T> Reshape<T> {
    /// Examples of this shape.
    pub fn new(shape: impl Into<Shape>) -> Reshape<T> {
        Reshape { shape: shape.into().to_vec(), leaf: PhantomData }
    }
}

impl Reshape<Var> {
    /// # Errors
    /// Stops the trace if an example has another number of entries.
    #[track_caller]
    pub fn apply(&self, x: Var) -> Var {
        LIBRARY.scope("reshape", || {
            let (ty, ours) = (x.ty(), self.shape.iter().product::<usize>());
            if ty.shape.rank() == 0 || ty.shape[1..].iter().product::<usize>() != ours {
                let what = format!("reshape: an example of the input {ty} is not of shape {:?}", self.shape);
                stop(Error::new(ErrorKind::Shape, what));
            }
            x.reshape([&[ty.shape[0]], &self.shape[..]].concat())
        })
    }
}

stateless!(Reshape);

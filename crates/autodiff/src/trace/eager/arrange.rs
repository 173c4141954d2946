//! The same entries in other places: shapes, axes, parts, places by index.

use std::borrow::Borrow;
use std::ops::Range;

use crate::dtype::DType;
use crate::error::Error;
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::trace::{self, Leaf};

methods! {
    fn reshape(; shape: impl Into<Shape>) -> Tensor;
    fn broadcast_to(; shape: impl Into<Shape>) -> Tensor;
    fn expand_dims(; axes: &[isize]) -> Tensor;
    fn squeeze(; axes: &[isize]) -> Tensor;
    fn permute(; order: &[isize]) -> Tensor;
    fn t() -> Tensor;
    fn slice(; along: isize, range: Range<usize>) -> Tensor;
    fn split(; sizes: &[usize], along: isize) -> Vec<Tensor>;
    fn pad(; along: isize, low: usize, high: usize) -> Tensor;
    fn reverse(; along: isize) -> Tensor;
    fn flip(; axes: &[isize]) -> Tensor;
    fn roll(; shift: isize, along: isize) -> Tensor;
    fn tile(; repeats: &[usize]) -> Tensor;
    fn repeat(; n: usize, along: isize) -> Tensor;
    fn gather(index; along: isize) -> Tensor;
    fn gather_along(index; along: isize) -> Tensor;
    fn gather_nd(index) -> Tensor;
    fn scatter_add(index; along: isize, n: usize) -> Tensor;
    fn one_hot(; n: usize, dtype: DType) -> Tensor;
    fn patches(; kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4], dilation: [usize; 2]) -> Tensor;
    fn patches_transpose(; image: [usize; 2], kernel: [usize; 2], stride: [usize; 2], padding: [usize; 4], dilation: [usize; 2]) -> Tensor;
}

impl Tensor {
    /// [`concat`](trace::concat), at once.
    ///
    /// # Errors
    /// What stops the trace there.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Error, Tensor, tensor};
    /// let (a, b) = (tensor![1.0], tensor![2.0, 3.0]);
    /// assert_eq!(Tensor::concat(&[&a, &b], 0)?, tensor![1.0, 2.0, 3.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn concat(parts: &[impl Borrow<Tensor>], along: isize) -> Result<Tensor, Error> {
        Tensor::enter(&owned(parts), |parts| trace::concat(&parts, along))
    }

    /// [`stack`](trace::stack), at once.
    ///
    /// # Errors
    /// What stops the trace there.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Error, Tensor, tensor};
    /// let (a, b) = (tensor![1.0, 2.0], tensor![3.0, 4.0]);
    /// assert_eq!(Tensor::stack(&[a, b], -1)?, tensor![[1.0, 3.0], [2.0, 4.0]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn stack(parts: &[impl Borrow<Tensor>], along: isize) -> Result<Tensor, Error> {
        Tensor::enter(&owned(parts), |parts| trace::stack(&parts, along))
    }

    /// [`meshgrid`](trace::meshgrid), at once.
    ///
    /// # Errors
    /// What stops the trace there.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Error, Tensor, tensor};
    /// let grid = Tensor::meshgrid(&[tensor![1.0, 2.0], tensor![3.0]])?;
    /// assert_eq!(grid, [tensor![[1.0], [2.0]], tensor![[3.0], [3.0]]]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn meshgrid(coordinates: &[impl Borrow<Tensor>]) -> Result<Vec<Tensor>, Error> {
        Tensor::enter(&owned(coordinates), |coordinates| trace::meshgrid(&coordinates))
    }
}

/// The same tensors as a tree; their storage is shared.
pub(super) fn owned(tensors: &[impl Borrow<Tensor>]) -> Vec<Tensor> {
    tensors.iter().map(|x| x.borrow().clone()).collect()
}

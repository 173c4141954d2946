//! Products of vectors and matrices, diagonals and triangles, systems, determinants, factorisations.

use std::borrow::Borrow;

use super::arrange::owned;
use crate::error::Error;
use crate::tensor::Tensor;
use crate::trace::{Leaf, einsum};

methods! {
    fn matmul(other) -> Tensor;
    fn outer(other) -> Tensor;
    fn diag() -> Tensor;
    fn diagonal() -> Tensor;
    fn trace() -> Tensor;
    fn tril(; k: i32) -> Tensor;
    fn triu(; k: i32) -> Tensor;
    fn solve(b) -> Tensor;
    fn triangular_solve(b; lower: bool, transpose: bool) -> Tensor;
    fn inverse() -> Tensor;
    fn det() -> Tensor;
    fn logdet() -> Tensor;
    fn slogdet() -> (Tensor, Tensor);
    fn cholesky() -> Tensor;
    fn qr() -> (Tensor, Tensor);
    fn lstsq(b) -> Tensor;
    fn eigh() -> (Tensor, Tensor);
    fn svd() -> (Tensor, Tensor, Tensor);
}

impl Tensor {
    /// [`einsum`], at once.
    ///
    /// # Errors
    /// What stops the trace there.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Error, Tensor, tensor};
    /// let (a, b) = (tensor![[1.0, 2.0], [3.0, 4.0]], tensor![10.0, 1.0]);
    /// assert_eq!(Tensor::einsum("ij,j->i", &[&a, &b])?, tensor![12.0, 34.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn einsum(text: &str, operands: &[impl Borrow<Tensor>]) -> Result<Tensor, Error> {
        Tensor::enter(&owned(operands), |operands| einsum(text, &operands))
    }
}

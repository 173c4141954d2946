//! Along axes: sums, products, moments, lengths, extremes, orders, running ones.

use crate::error::Error;
use crate::tensor::Tensor;
use crate::trace::Leaf;

methods! {
    fn sum() -> Tensor;
    fn sum_axes(; axes: &[isize]) -> Tensor;
    fn sum_keepdims(; axes: &[isize]) -> Tensor;
    fn mean() -> Tensor;
    fn mean_axes(; axes: &[isize]) -> Tensor;
    fn mean_keepdims(; axes: &[isize]) -> Tensor;
    fn prod() -> Tensor;
    fn prod_axes(; axes: &[isize]) -> Tensor;
    fn prod_keepdims(; axes: &[isize]) -> Tensor;
    fn max_axes(; axes: &[isize]) -> Tensor;
    fn max_keepdims(; axes: &[isize]) -> Tensor;
    fn min_axes(; axes: &[isize]) -> Tensor;
    fn min_keepdims(; axes: &[isize]) -> Tensor;
    fn var_axes(; axes: &[isize], correction: usize) -> Tensor;
    fn std_axes(; axes: &[isize], correction: usize) -> Tensor;
    fn norm_axes(; axes: &[isize]) -> Tensor;
    fn norm_keepdims(; axes: &[isize]) -> Tensor;
    fn logsumexp(; axes: &[isize]) -> Tensor;
    fn logsumexp_keepdims(; axes: &[isize]) -> Tensor;
    fn argmax(; along: isize) -> Tensor;
    fn argmin(; along: isize) -> Tensor;
    fn argsort(; along: isize) -> Tensor;
    fn sort(; along: isize) -> Tensor;
    fn top_k(; k: usize, along: isize) -> (Tensor, Tensor);
    fn cumsum(; along: isize) -> Tensor;
    fn cumprod(; along: isize) -> Tensor;
    fn cumlogsumexp(; along: isize) -> Tensor;
    fn cummax(; along: isize) -> Tensor;
    fn cummin(; along: isize) -> Tensor;
    fn linear_recurrence(b; along: isize) -> Tensor;
}

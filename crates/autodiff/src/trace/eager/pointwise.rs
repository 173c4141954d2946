//! Elementwise: functions, comparisons, choices.

use super::Operand;
use crate::dtype::DType;
use crate::error::Error;
use crate::tensor::Tensor;
use crate::trace::{Leaf, select};

methods! {
    fn exp() -> Tensor;
    fn expm1() -> Tensor;
    fn log() -> Tensor;
    fn log1p() -> Tensor;
    fn sqrt() -> Tensor;
    fn rsqrt() -> Tensor;
    fn recip() -> Tensor;
    fn sin() -> Tensor;
    fn cos() -> Tensor;
    fn sinh() -> Tensor;
    fn cosh() -> Tensor;
    fn tanh() -> Tensor;
    fn sech() -> Tensor;
    fn asin() -> Tensor;
    fn acos() -> Tensor;
    fn atan() -> Tensor;
    fn asinh() -> Tensor;
    fn acosh() -> Tensor;
    fn atanh() -> Tensor;
    fn erf() -> Tensor;
    fn erfc() -> Tensor;
    fn erf_inv() -> Tensor;
    fn gaussian() -> Tensor;
    fn half_gaussian() -> Tensor;
    fn normal_cdf() -> Tensor;
    fn logistic() -> Tensor;
    fn softplus() -> Tensor;
    fn abs() -> Tensor;
    fn sign() -> Tensor;
    fn floor() -> Tensor;
    fn ceil() -> Tensor;
    fn round() -> Tensor;
    fn lgamma() -> Tensor;
    fn digamma() -> Tensor;
    fn polygamma(; n: i32) -> Tensor;
    fn powi(; n: i32) -> Tensor;
    fn logical_not() -> Tensor;
    fn convert(; dtype: DType) -> Tensor;
}

methods_with_operands! {
    fn pow(b);
    fn maximum(other);
    fn minimum(other);
    fn clamp(low, high);
    fn atan2(other);
    fn hypot(other);
    fn logaddexp(other);
    fn lt(other);
    fn le(other);
    fn gt(other);
    fn ge(other);
    fn equal(other);
    fn not_equal(other);
    fn and(other);
    fn or(other);
}

impl Tensor {
    /// [`select`] with these bools as its p, at once: `self ? a : b`.
    ///
    /// # Errors
    /// What stops the trace there.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Error, tensor};
    /// let x = tensor![-1.0, 4.0];
    /// assert_eq!(x.gt(0.0)?.select(x.sqrt()?, 0.0)?, tensor![0.0, 2.0]);
    /// # Ok::<(), Error>(())
    /// ```
    #[track_caller]
    pub fn select(&self, a: impl Into<Operand>, b: impl Into<Operand>) -> Result<Tensor, Error> {
        Tensor::enter(&(self.clone(), [a.into(), b.into()]), |(p, [a, b])| select(p, a, b))
    }
}

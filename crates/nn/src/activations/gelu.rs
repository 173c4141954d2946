//! GELU in its exact form.

use std::f64::consts::PI;

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x Φ(x)` with Φ the normal distribution function, not the tanh approximation ([Hendrycks & Gimpel 2016]); accurate in the left tail too,
/// down to where it underflows, in value and derivatives. At −∞ it is NaN.
///
/// `φ' = Φ(x) + x n(x)`, `φ'' = n(x)(2 − x²)`, `φ''' = n(x)(x³ − 4x)`, n the normal density.
///
/// [Hendrycks & Gimpel 2016]: https://arxiv.org/abs/1606.08415
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad, hvp}};
/// use quadric_nn::activations::gelu;
/// let f = |x: Var| gelu(x).sum();
/// assert_eq!(grad(f, &tensor![0.0])?, tensor![0.5]);
/// let curvature = hvp(f, &tensor![0.0], &tensor![1.0])?.item();
/// assert!((curvature - 2.0 / (2.0 * std::f64::consts::PI).sqrt()).abs() < 1e-15); // 2 n(0)
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn gelu(x: Var) -> Var {
    LIBRARY.nonlinear_scope("gelu", || composed(x))
}

#[track_caller]
pub(super) fn composed(x: Var) -> Var {
    x * x.normal_cdf()
}

/// `n(x) = exp(−x²/2)/√(2π)`.
#[track_caller]
pub(super) fn density(x: Var) -> Var {
    x.half_gaussian() * (1.0 / (2.0 * PI).sqrt())
}

/// `φ''(x) = n(x)(2 − x²)`. The square is never taken by itself: where it overflows, n(x) is 0.
#[track_caller]
pub(super) fn second(x: Var) -> Var {
    let n = density(x);
    n * 2.0 - n * x * x
}

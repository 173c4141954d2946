//! GELU in its exact form.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x Φ(x)` with Φ the normal distribution function, through `erf`, not the tanh approximation ([Hendrycks & Gimpel 2016]).
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
    x * distribution(x)
}

/// `Φ(x) = (1 + erf(x/√2))/2`.
#[track_caller]
pub(super) fn distribution(x: Var) -> Var {
    ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5
}

/// `n(x) = exp(−x²/2)/√(2π)`.
#[track_caller]
pub(super) fn density(x: Var) -> Var {
    (x * x * -0.5).exp() * (1.0 / (2.0 * PI).sqrt())
}

/// `φ''(x) = n(x)(2 − x²)`.
#[track_caller]
pub(super) fn second(x: Var) -> Var {
    density(x) * (2.0 - x * x)
}

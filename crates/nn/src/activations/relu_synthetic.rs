//! ReLU with a second derivative it has not: an intervention.

use std::f64::consts::PI;

use quadric_autodiff::trace::{Var, declare_second_derivative};

use super::scaled::scaled;
use super::{check_positive, relu};
use crate::LIBRARY;

/// β of the paper's experiments.
pub(super) const DEFAULT_BETA: f64 = 100.0;

/// ReLU, to the bit in value and derivative, with `φ'' := β/√(2π) exp(−β²x²/2)` declared: the curvature at the kink
/// that differentiation does not see, smeared over a width 1/β ([Dauphin, Agarwala & Mobahi 2024], eq. 18).
///
/// # Errors
/// Stops the trace if β is not finite and above 0 in the dtype of x.
///
/// [Dauphin, Agarwala & Mobahi 2024]: https://arxiv.org/abs/2401.10809
#[track_caller]
#[must_use]
pub fn relu_synthetic(x: Var, beta: f64) -> Var {
    LIBRARY.nonlinear_scope("relu-synthetic", || {
        check_positive("relu_synthetic", "beta", beta, x.dtype());
        declare_second_derivative("relu-synthetic", x, relu::composed, |x| bump(x, beta, 1.0, Var::half_gaussian))
    })
}

/// [`relu_synthetic`] as the paper's code listing has it, without the ½: `φ'' := β/√(2π) exp(−β²x²)`. Its integral is
/// 1/√2 where that of eq. 18 is 1.
///
/// # Errors
/// As [`relu_synthetic`].
#[track_caller]
#[must_use]
pub fn relu_synthetic_listing(x: Var, beta: f64) -> Var {
    LIBRARY.nonlinear_scope("relu-synthetic-listing", || {
        check_positive("relu_synthetic_listing", "beta", beta, x.dtype());
        declare_second_derivative("relu-synthetic-listing", x, relu::composed, |x| bump(x, beta, 2.0, Var::gaussian))
    })
}

/// `β/√(2π) f(βx)` with f′(u) = −c u f(u).
#[track_caller]
fn bump(x: Var, beta: f64, c: f64, gaussian: fn(Var) -> Var) -> Var {
    let (u, lost) = scaled(x, beta);
    let f = gaussian(u);
    let f = lost.map_or(f, |r| f * (1.0 - r * u * c));
    f * (beta / (2.0 * PI).sqrt())
}

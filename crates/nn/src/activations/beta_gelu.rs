//! β-GELU: from GELU (β = 1) to ReLU (β → ∞).

use quadric_autodiff::trace::Var;

use super::check_positive;
use super::gelu::density;
use super::scaled::scaled;
use crate::LIBRARY;

/// `x Φ(βx)`; `φ'' = β n(βx)(2 − β²x²)`, a bump of height ∝ β and width ∝ 1/β. Accurate in the tails, whatever β is: what βx loses to rounding
/// is made good. At −∞ the value is NaN, and at ±∞ a derivative may be.
///
/// # Errors
/// Stops the trace if β is not finite and above 0 in the dtype of x.
#[track_caller]
#[must_use]
pub fn beta_gelu(x: Var, beta: f64) -> Var {
    LIBRARY.nonlinear_scope("beta-gelu", || {
        check_positive("beta_gelu", "beta", beta, x.dtype());
        let (u, lost) = scaled(x, beta);
        let share = u.normal_cdf();
        x * lost.map_or(share, |r| share + r * density(u))
    })
}

//! β-GELU: from GELU (β = 1) to ReLU (β → ∞).

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x Φ(βx)`; `φ'' = β n(βx)(2 − β²x²)`, a bump of height ∝ β and width ∝ 1/β.
#[track_caller]
#[must_use]
pub fn beta_gelu(x: Var, beta: f64) -> Var {
    LIBRARY.nonlinear_scope("beta-gelu", || x * (x * beta).normal_cdf())
}

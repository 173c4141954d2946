//! Leaky ReLU: a ReLU without dead units.

use quadric_autodiff::trace::{Var, select};

use super::relu::nan_mark;
use crate::LIBRARY;

/// The slope of [Maas et al. 2013](https://ai.stanford.edu/~amaas/papers/relu_hybrid_icml2013_final.pdf).
pub(super) const DEFAULT_SLOPE: f64 = 0.01;

/// `x > 0 ? x : slope · x`; the derivative at 0 is `slope`, and at NaN it is NaN.
#[track_caller]
#[must_use]
pub fn leaky_relu(x: Var, slope: f64) -> Var {
    LIBRARY.nonlinear_scope("leaky-relu", || select(x.gt(0.0), x, x * slope) * nan_mark(x))
}

//! SiLU, also called swish.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `x σ(x)` with σ the logistic function ([Elfwing et al. 2017](https://arxiv.org/abs/1702.03118)).
///
/// `φ'' = σ'(x)(2 + x(1 − 2σ(x)))`.
#[track_caller]
#[must_use]
pub fn silu(x: Var) -> Var {
    LIBRARY.nonlinear_scope("silu", || x * x.logistic())
}

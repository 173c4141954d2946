//! ELU: exponential below 0.

use quadric_autodiff::trace::{Var, select};

use crate::LIBRARY;

/// The α of [Clevert et al. 2015](https://arxiv.org/abs/1511.07289), and torch's.
pub(super) const DEFAULT_ALPHA: f64 = 1.0;

/// `x > 0 ? x : α(eˣ − 1)` ([Clevert et al. 2015]); the derivatives at 0 are those from the left, `φ' = φ'' = α`, as torch has it. For α = 1
/// there is no kink in φ, and one in φ'.
///
/// [Clevert et al. 2015]: https://arxiv.org/abs/1511.07289
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad}};
/// use quadric_nn::activations::elu;
/// assert_eq!(grad(|x: Var| elu(x, 0.5).sum(), &tensor![-1e4, 0.0, 3.0])?, tensor![0.0, 0.5, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn elu(x: Var, alpha: f64) -> Var {
    LIBRARY.nonlinear_scope("elu", || select(x.gt(0.0), x, below(x).expm1() * alpha))
}

/// x where it is not above 0, and 0 elsewhere: what is above would overflow in an exponential that is not selected, and harm the derivative.
#[track_caller]
pub(super) fn below(x: Var) -> Var {
    select(x.gt(0.0), 0.0, x)
}

//! CELU: an ELU without a kink for any α.

use quadric_autodiff::trace::{Var, select};

use super::check_positive;
use super::elu::below;
use crate::LIBRARY;

/// The α of torch, for which CELU is ELU.
pub(super) const DEFAULT_ALPHA: f64 = 1.0;

/// `x > 0 ? x : α(e^(x/α) − 1)`, α above 0 ([Barron 2017]): φ' is continuous, and φ'' at 0 is that from the left, 1/α. In the left tail
/// derivatives feel the rounding of x/α, |x/α| half units in the last place, unless α is a power of two.
///
/// [Barron 2017]: https://arxiv.org/abs/1704.07483
///
/// # Errors
/// Stops the trace if α is not finite and above 0 in the dtype of x.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::celu;
/// let y = compile(|x: Var| celu(x, 2.0)).call(tensor![-1e4, 0.0, 3.0])?;
/// assert_eq!(y, tensor![-2.0, 0.0, 3.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn celu(x: Var, alpha: f64) -> Var {
    LIBRARY.nonlinear_scope("celu", || {
        check_positive("celu", "alpha", alpha, x.dtype());
        select(x.gt(0.0), x, (below(x) / alpha).expm1() * alpha)
    })
}

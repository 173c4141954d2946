//! Softmax and its logarithm.

use quadric_autodiff::trace::{Var, select};

use crate::LIBRARY;

/// `log p`, `p = softmax(z)` over the last axis: `z − m − ln Σ exp(z − m)` with `m = max z`.
///
/// The shift by the maximum keeps exp from overflowing. It cancels in the value, and so in every derivative: no
/// gradient flows through m, and nothing is lost. A row of −∞ alone (all of it masked) gives −∞, and all its derivatives are 0.
///
/// # Shapes
/// `z: […, C]`, result the same.
#[track_caller]
#[must_use]
pub fn log_softmax(z: Var) -> Var {
    LIBRARY.nonlinear_scope("log_softmax", || {
        let (shifted, log_sum) = shifted(z);
        shifted - log_sum
    })
}

/// `p = exp(z) / Σ exp(z)` over the last axis, shifted as in [`log_softmax`].
///
/// # Shapes
/// `z: […, C]`, result the same; rows sum to 1, but one of −∞ alone (all of it masked) is 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// let p = compile(|z: Var| quadric_nn::softmax(z)).call(tensor![[1000.0, 1000.0]])?;
/// assert_eq!(p, tensor![[0.5, 0.5]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn softmax(z: Var) -> Var {
    LIBRARY.nonlinear_scope("softmax", || {
        let (shifted, log_sum) = shifted(z);
        (shifted - log_sum).exp()
    })
}

/// `exp(−z) / Σ exp(−z)` over the last axis: the [`softmax`] of −z.
///
/// # Shapes
/// `z: […, C]`, result the same.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::softmin;
/// let p = compile(|z: Var| softmin(z)).call(tensor![[0.0, 1000.0]])?;
/// assert_eq!(p, tensor![[1.0, 0.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn softmin(z: Var) -> Var {
    LIBRARY.nonlinear_scope("softmin", || softmax(-z))
}

/// `z − m` and `ln Σ exp(z − m)`, the latter with the last axis kept at size 1; where m is −∞, −∞ and 0, and both are constants.
#[track_caller]
fn shifted(z: Var) -> (Var, Var) {
    let m = z.max_keepdims(&[-1]).stop_gradient();
    let shifted = select(m.equal(f64::NEG_INFINITY), f64::NEG_INFINITY, z - m);
    let sum = shifted.exp().sum_keepdims(&[-1]);
    // The logarithm of a sum that is 0 is never taken: its slope would be infinite.
    (shifted, select(sum.equal(0.0), 1.0, sum).log())
}

//! Cross-entropy of yes and no.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::check;
use super::soft_cross_entropy::expected;
use crate::LIBRARY;

/// `ℓ(z, y) = −y ln σ(z) − (1 − y) ln σ(−z)` for each *entry*, of logits and targets in `[0, 1]`; neither overflows nor takes 1 − σ. Differentiated
/// with respect to both. Its `.mean()` is torch's `binary_cross_entropy_with_logits`.
///
/// # Shapes
/// `logits` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::binary_cross_entropy_with_logits;
/// let mut loss = compile(|(z, y): (Var, Var)| binary_cross_entropy_with_logits(z, y));
/// assert_eq!(loss.call((tensor![1e4, -1e4], tensor![1.0, 1.0]))?, tensor![0.0, 1e4]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn binary_cross_entropy_with_logits(logits: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("binary_cross_entropy", || {
        check::alike("binary_cross_entropy_with_logits", ("logits", logits), ("targets", targets));
        expected(targets, (-logits).softplus()) + expected(1.0 - targets, logits.softplus())
    })
}

/// `ℓ(z, y) = −w y ln σ(z) − (1 − y) ln σ(−z)`: positives count w times, as torch's `pos_weight` has it.
///
/// # Shapes
/// `logits` and `targets` alike; `positive` broadcasts to them, as `[C]` does; result as `logits`.
///
/// # Errors
/// Stops the trace if logits and targets differ in type, or the weights do not broadcast to the logits' shape.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::weighted_binary_cross_entropy_with_logits;
/// let mut loss = compile(|(z, y, w): (Var, Var, Var)| weighted_binary_cross_entropy_with_logits(z, y, w));
/// let value = loss.call((tensor![-1e4, -1e4], tensor![1.0, 0.0], tensor![3.0, 3.0]))?;
/// assert_eq!(value, tensor![3e4, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn weighted_binary_cross_entropy_with_logits(logits: Var, targets: Var, positive: Var) -> Var {
    LIBRARY.nonlinear_scope("binary_cross_entropy", || {
        let name = "weighted_binary_cross_entropy_with_logits";
        check::alike(name, ("logits", logits), ("targets", targets));
        let (z, w) = (logits.ty(), positive.ty());
        let axes = z.shape.iter().rev().zip(w.shape.iter().rev());
        if w.shape.rank() > z.shape.rank() || axes.into_iter().any(|(&n, &weights)| weights != n && weights != 1) {
            let what = format!("{name}: weights that broadcast to the logits {z} are needed, they are {w}");
            stop(Error::new(ErrorKind::Shape, what));
        }
        expected(targets * positive, (-logits).softplus()) + expected(1.0 - targets, logits.softplus())
    })
}

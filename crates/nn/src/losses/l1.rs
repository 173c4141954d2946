//! Absolute distance.

use quadric_autodiff::trace::Var;

use super::check;
use crate::LIBRARY;

/// `ℓ(z, y) = |z − y|` for each *entry*, with derivative 0 where they are equal; its `.mean()` is torch's `l1_loss`. Its second derivative is 0.
///
/// # Shapes
/// `outputs` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::l1;
/// let mut loss = compile(|(z, y): (Var, Var)| l1(z, y));
/// assert_eq!(loss.call((tensor![3.0, 4.0], tensor![0.0, 6.0]))?, tensor![3.0, 2.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn l1(outputs: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("l1", || {
        check::alike("l1", ("outputs", outputs), ("targets", targets));
        (outputs - targets).abs()
    })
}

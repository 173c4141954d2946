//! Negative log-likelihood of counts.

use quadric_autodiff::trace::Var;

use super::check;
use crate::LIBRARY;

/// `ℓ = eᶻ − y z` for each *entry*: the rate is eᶻ, and `ln y!` is left out; its `.mean()` is torch's `poisson_nll_loss` with `log_input`. `H_z = eᶻ`.
///
/// A rate beyond the dtype (z above 709, or 88 in f32) is ∞, and so are the loss and its derivatives.
///
/// # Shapes
/// `log_rates` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::poisson_nll;
/// let mut loss = compile(|(z, y): (Var, Var)| poisson_nll(z, y));
/// assert_eq!(loss.call((tensor![0.0], tensor![7.0]))?, tensor![1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn poisson_nll(log_rates: Var, targets: Var) -> Var {
    LIBRARY.nonlinear_scope("poisson_nll", || {
        check::alike("poisson_nll", ("log-rates", log_rates), ("targets", targets));
        log_rates.exp() - targets * log_rates
    })
}

//! Negative log-likelihood of a normal distribution.

use quadric_autodiff::trace::{Var, select};

use super::check;
use crate::LIBRARY;

/// The least variance of torch.
const LEAST: f64 = 1e-6;

/// `ℓ = ½ (ln σ² + (μ − y)²/σ²)` for each *entry*, without the constant ½ ln 2π ([Nix & Weigend 1994]); its `.mean()` is torch's `gaussian_nll_loss`. Differentiated with
/// respect to all three.
///
/// A variance below 1e-6 counts as 1e-6, and has derivative 0 there; torch lets the derivative at 1e-6 through. One below 0 is none, and gives NaN.
///
/// [Nix & Weigend 1994]: https://doi.org/10.1109/ICNN.1994.374138
///
/// # Shapes
/// `means`, `targets` and `variances` alike, result the same.
///
/// # Errors
/// Stops the trace if they differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::gaussian_nll;
/// let mut loss = compile(|(mean, y, variance): (Var, Var, Var)| gaussian_nll(mean, y, variance));
/// assert_eq!(loss.call((tensor![3.0], tensor![1.0], tensor![1.0]))?, tensor![2.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn gaussian_nll(means: Var, targets: Var, variances: Var) -> Var {
    LIBRARY.nonlinear_scope("gaussian_nll", || {
        check::alike("gaussian_nll", ("means", means), ("targets", targets));
        check::alike("gaussian_nll", ("means", means), ("variances", variances));
        let variance =
            select(variances.lt(LEAST), select(variances.lt(0.0), f64::NAN, variances.full_like(LEAST)), variances);
        let error = means - targets;
        (variance.log() + error * error / variance) * 0.5
    })
}

//! Shrinkage: small entries become 0. And the threshold, its one-sided kin.

use quadric_autodiff::trace::{Var, select, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::relu::nan_mark;
use crate::LIBRARY;

/// λ of torch.
pub(super) const DEFAULT_LAMBDA: f64 = 0.5;

/// `|x| > λ ? x − sign(x) λ : 0`, the proximal map of λ|x| ([Donoho 1995](https://doi.org/10.1109/18.382009)). At ±λ the derivative is 0.
///
/// # Errors
/// Stops the trace if λ is below 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::softshrink;
/// let y = compile(|x: Var| softshrink(x, 0.5)).call(tensor![-2.0, 0.5, 1.0])?;
/// assert_eq!(y, tensor![-1.5, 0.0, 0.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn softshrink(x: Var, lambda: f64) -> Var {
    LIBRARY.nonlinear_scope("softshrink", || {
        not_negative("softshrink", lambda);
        select(x.abs().le(lambda), 0.0, (x - x.sign() * lambda) * nan_mark(x))
    })
}

/// `|x| > λ ? x : 0` ([Donoho & Johnstone 1994](https://doi.org/10.1093/biomet/81.3.425)), which jumps at ±λ; the derivative there is 0.
///
/// # Errors
/// Stops the trace if λ is below 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::hardshrink;
/// let y = compile(|x: Var| hardshrink(x, 0.5)).call(tensor![-2.0, 0.5, 1.0])?;
/// assert_eq!(y, tensor![-2.0, 0.0, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn hardshrink(x: Var, lambda: f64) -> Var {
    LIBRARY.nonlinear_scope("hardshrink", || {
        not_negative("hardshrink", lambda);
        select(x.abs().le(lambda), 0.0, x * nan_mark(x))
    })
}

/// `x > threshold ? x : value`; the derivative at the threshold is 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::threshold;
/// let y = compile(|x: Var| threshold(x, 0.1, 20.0)).call(tensor![0.1, 0.2])?;
/// assert_eq!(y, tensor![20.0, 0.2]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn threshold(x: Var, threshold: f64, value: f64) -> Var {
    LIBRARY.nonlinear_scope("threshold", || select(x.le(threshold), value, x * nan_mark(x)))
}

#[track_caller]
fn not_negative(name: &str, lambda: f64) {
    if lambda.is_nan() || lambda < 0.0 {
        stop(Error::new(ErrorKind::Data, format!("{name}: lambda must not be below 0, it is {lambda}")));
    }
}

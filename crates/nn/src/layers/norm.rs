//! What norms share.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind};

/// `(x − μ) / √(σ² + ε)` with mean and biased variance over these axes. The mean is taken off first, so no digits cancel.
#[track_caller]
pub(super) fn standardized(x: Var, axes: &[isize], epsilon: f64) -> Var {
    let apart = x - x.mean_keepdims(axes);
    let variance = (apart * apart).mean_keepdims(axes);
    apart * (variance + epsilon).rsqrt()
}

/// Stops the trace unless there are two values or more for each mean and variance: a single one is its own mean, and the variance says nothing.
///
/// `of` is what has a variance, in `x`; `it` is what has so many values.
#[track_caller]
pub(super) fn has_variance(layer: &str, x: Var, of: &str, it: &str, count: usize) {
    if count < 2 {
        let what = format!("{layer}: the variance of {of} {} is not defined: {it} has {count} values", x.ty());
        stop(Error::new(ErrorKind::Shape, what));
    }
}

/// `γ y + β`, each if there is one; of one shape that broadcasts along `y`.
#[track_caller]
pub(super) fn affine(y: Var, scale: Option<Var>, shift: Option<Var>) -> Var {
    let y = scale.map_or(y, |scale| y * scale);
    shift.map_or(y, |shift| y + shift)
}

/// A number for each channel as `[C, 1, …]`, beside arrays `[B, C, …]` of this rank.
#[track_caller]
pub(super) fn along_channels(v: Option<Var>, rank: usize) -> Option<Var> {
    v.map(|v| v.reshape([&v.shape()[..], &vec![1; rank - 2]].concat()))
}

//! Cosines of rows.

use quadric_autodiff::trace::{Var, select};

use super::check;
use crate::LIBRARY;
use crate::activations::positive_part;

/// A row shorter than this counts as this long, as in torch.
const LEAST: f64 = 1e-8;

/// `⟨a, b⟩ / (‖a‖ ‖b‖)` of the rows; no square leaves the dtype. A row shorter than 1e-8 counts as that long, so that of a row of zeros the cosine is 0 and the
/// derivatives are finite.
///
/// # Shapes
/// `a` and `b: […, D]`, result `[…]`.
///
/// # Errors
/// Stops the trace if the two differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::cosine_similarity;
/// let mut cosine = compile(|(a, b): (Var, Var)| cosine_similarity(a, b));
/// assert_eq!(cosine.call((tensor![[3.0, 4.0], [0.0, 0.0]], tensor![[1.0, 0.0], [1.0, 1.0]]))?, tensor![0.6, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn cosine_similarity(a: Var, b: Var) -> Var {
    LIBRARY.nonlinear_scope("cosine_similarity", || cosine("cosine_similarity", a, b))
}

/// `ℓ = 1 − cos(a, b)` for a pair with label 1, `max(cos(a, b) − margin, 0)` for one with label −1; its `.mean()` is torch's `cosine_embedding_loss`. Another label
/// is none, and its loss is NaN. At the kink the derivative is 0.
///
/// # Shapes
/// `a` and `b: […, D]`, `labels: i32[…]`, result `[…]`.
///
/// # Errors
/// Stops the trace if the shapes disagree or the labels are no integers.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::cosine_embedding;
/// let mut loss = compile(|(a, b, y): (Var, Var, Var)| cosine_embedding(a, b, y, 0.0));
/// assert_eq!(loss.call((tensor![[1.0, 0.0], [1.0, 0.0]], tensor![[0.6, 0.8], [0.6, 0.8]], tensor![1, -1]))?, tensor![0.4, 0.6]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn cosine_embedding(a: Var, b: Var, labels: Var, margin: f64) -> Var {
    LIBRARY.nonlinear_scope("cosine_embedding", || {
        let cosine = cosine("cosine_embedding", a, b);
        check::labels("cosine_embedding", "pairs", a, labels);
        let apart = select(labels.equal(-1.0), positive_part(cosine - margin), f64::NAN);
        select(labels.equal(1.0), 1.0 - cosine, apart)
    })
}

#[track_caller]
fn cosine(name: &str, a: Var, b: Var) -> Var {
    check::alike(name, ("first rows", a), ("second", b));
    check::has_rows(name, "first", a);
    (unit(a) * unit(b)).sum_axes(&[-1])
}

#[track_caller]
fn unit(x: Var) -> Var {
    let length = x.norm_keepdims(&[-1]);
    x / select(length.lt(LEAST), LEAST, length)
}

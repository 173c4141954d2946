//! Triplets: nearer to one than to another, by a margin.

use quadric_autodiff::trace::Var;

use super::check;
use crate::LIBRARY;
use crate::activations::positive_part;

/// `ℓ = max(‖a − p‖ − ‖a − n‖ + margin, 0)` for each example: an anchor, one of its kind, and one of another ([Balntas et al. 2016]). At the kink the derivative
/// is 0, and so is that of a distance of 0. Torch adds 1e-6 to each difference, to keep away from there; this is the formula.
///
/// [Balntas et al. 2016]: https://doi.org/10.5244/C.30.119
///
/// # Shapes
/// `anchors`, `positives` and `negatives: […, D]`, result `[…]`.
///
/// # Errors
/// Stops the trace if they differ in type.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::triplet_margin;
/// let mut loss = compile(|(a, p, n): (Var, Var, Var)| triplet_margin(a, p, n, 1.0));
/// assert_eq!(loss.call((tensor![[0.0, 0.0]], tensor![[3.0, 4.0]], tensor![[0.0, 2.0]]))?, tensor![4.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn triplet_margin(anchors: Var, positives: Var, negatives: Var, margin: f64) -> Var {
    LIBRARY.nonlinear_scope("triplet_margin", || {
        check::alike("triplet_margin", ("anchors", anchors), ("positives", positives));
        check::alike("triplet_margin", ("anchors", anchors), ("negatives", negatives));
        check::has_rows("triplet_margin", "anchors", anchors);
        let distance = |other: Var| (anchors - other).norm_axes(&[-1]);
        positive_part(distance(positives) - distance(negatives) + margin)
    })
}

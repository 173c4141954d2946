//! Focal loss: easy examples count little.

use quadric_autodiff::trace::Var;

use super::check;
use super::cross_entropy::deficit;
use crate::LIBRARY;

/// `ℓ = −(1 − p_y)^γ ln p_y` for each example ([Lin et al. 2017], eq. 4), of logits of several classes. γ = 0 is cross-entropy, and 2 the paper's.
///
/// The factor is evaluated as `exp(−γ softplus(−t))`, t as in [`cross_entropy`](super::cross_entropy()): no 1 − p is taken, and no power of 0.
///
/// [Lin et al. 2017]: https://arxiv.org/abs/1708.02002
///
/// # Shapes
/// `logits: […, C]`, `labels: i32[…]`, result `[…]`.
///
/// # Errors
/// Those of [`cross_entropy`](super::cross_entropy()); and γ must not be below 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::focal;
/// let mut loss = compile(|(z, y): (Var, Var)| focal(z, y, 2.0));
/// let value = loss.call((tensor![[0.0, 0.0]], tensor![1]))?.item();
/// assert!((value - 0.25 * 2f64.ln()).abs() < 1e-15); // p = ½
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn focal(logits: Var, labels: Var, gamma: f64) -> Var {
    LIBRARY.nonlinear_scope("focal", || {
        check::labels("focal", "logits", logits, labels);
        check::setting("focal", gamma >= 0.0, || format!("gamma must not be below 0, it is {gamma}"));
        focused(deficit(logits, labels), gamma)
    })
}

/// `ℓ = −α_t (1 − p_t)^γ ln p_t` for each *entry*: p_t = σ(z) and α_t = α where y is 1, 1 − σ(z) and 1 − α where it is 0 ([Lin et al. 2017], eq. 5; α = ¼, γ = 2).
/// Between 0 and 1 the two are mixed. It is torchvision's `sigmoid_focal_loss`.
///
/// [Lin et al. 2017]: https://arxiv.org/abs/1708.02002
///
/// # Shapes
/// `logits` and `targets` alike, result the same.
///
/// # Errors
/// Stops the trace if the two differ in type, γ is below 0, or α is not in `0..=1`.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::losses::binary_focal;
/// let mut loss = compile(|(z, y): (Var, Var)| binary_focal(z, y, 2.0, 0.25));
/// let value = loss.call((tensor![0.0], tensor![1.0]))?.item();
/// assert!((value - 0.25 * 0.25 * 2f64.ln()).abs() < 1e-15); // p = ½
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn binary_focal(logits: Var, targets: Var, gamma: f64, alpha: f64) -> Var {
    LIBRARY.nonlinear_scope("binary_focal", || {
        let name = "binary_focal";
        check::alike(name, ("logits", logits), ("targets", targets));
        check::setting(name, gamma >= 0.0, || format!("gamma must not be below 0, it is {gamma}"));
        check::setting(name, (0.0..=1.0).contains(&alpha), || {
            format!("alpha is {alpha}, a share from 0 to 1 is needed")
        });
        targets * focused(-logits, gamma) * alpha + (1.0 - targets) * focused(logits, gamma) * (1.0 - alpha)
    })
}

/// `σ(t)^γ softplus(t)`.
#[track_caller]
fn focused(t: Var, gamma: f64) -> Var {
    let loss = t.softplus();
    if gamma == 0.0 { loss } else { ((-t).softplus() * -gamma).exp() * loss }
}

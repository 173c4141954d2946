//! Hard tanh and ReLU6: the identity between two bounds.

use quadric_autodiff::trace::{Var, select, stop};
use quadric_autodiff::{Error, ErrorKind};

use super::relu::nan_mark;
use crate::LIBRARY;

/// x moved into `[low, high]`; the usual bounds are −1 and 1 (Collobert 2004). At a bound the derivative is 0, as torch has it, where
/// `x.clamp(low, high)` shares it: ½.
///
/// # Errors
/// Stops the trace unless `low < high`.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad}};
/// use quadric_nn::activations::hardtanh;
/// assert_eq!(grad(|x: Var| hardtanh(x, -1.0, 1.0).sum(), &tensor![-1.0, 0.5, 2.0])?, tensor![0.0, 1.0, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn hardtanh(x: Var, low: f64, high: f64) -> Var {
    LIBRARY.nonlinear_scope("hardtanh", || {
        // So that a bound that is NaN is found too.
        if low.partial_cmp(&high) != Some(std::cmp::Ordering::Less) {
            stop(Error::new(ErrorKind::Data, format!("hardtanh: the bounds {low} and {high} are not in order")));
        }
        between(x, low, high)
    })
}

/// `min(max(x, 0), 6)` ([Howard et al. 2017](https://arxiv.org/abs/1704.04861)), a ReLU for numbers of few bits. At 0 and 6 the derivative is 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::relu6;
/// let y = compile(|x: Var| relu6(x)).call(tensor![-4.0, 1.5, 1e4])?;
/// assert_eq!(y, tensor![0.0, 1.5, 6.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn relu6(x: Var) -> Var {
    LIBRARY.nonlinear_scope("relu6", || between(x, 0.0, 6.0))
}

#[track_caller]
fn between(x: Var, low: f64, high: f64) -> Var {
    select(x.le(low), low, select(x.ge(high), high, x * nan_mark(x)))
}

//! Hard sigmoid: a logistic function of straight lines.

use quadric_autodiff::trace::{Var, select};

use super::relu::nan_mark;
use crate::LIBRARY;

/// `min(max(x + 3, 0), 6)/6`, of slope 1/6 between −3 and 3 ([Courbariaux et al. 2015](https://arxiv.org/abs/1511.00363) have another slope, 1/2; this
/// is torch's). At ±3 the derivative is 0.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::hardsigmoid;
/// let y = compile(|x: Var| hardsigmoid(x)).call(tensor![-4.0, 0.0, 1e4])?;
/// assert_eq!(y, tensor![0.0, 0.5, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn hardsigmoid(x: Var) -> Var {
    LIBRARY.nonlinear_scope("hardsigmoid", || {
        select(x.le(-3.0), 0.0, select(x.ge(3.0), 1.0, (x + 3.0) * nan_mark(x) / 6.0))
    })
}

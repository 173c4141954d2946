//! Hard swish: SiLU of straight lines.

use quadric_autodiff::trace::{Var, select};

use super::relu::nan_mark;
use crate::LIBRARY;

/// `x · min(max(x + 3, 0), 6)/6` ([Howard et al. 2019](https://arxiv.org/abs/1905.02244), §5.2): 0 up to −3, x from 3, a parabola between.
/// At the kinks the derivatives are those of the straight lines, φ'(−3) = 0, φ'(3) = 1, φ'' = 0, as torch has it.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::hardswish;
/// let y = compile(|x: Var| hardswish(x)).call(tensor![-4.0, 1.5, 1e4])?;
/// assert_eq!(y, tensor![0.0, 1.125, 1e4]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn hardswish(x: Var) -> Var {
    LIBRARY.nonlinear_scope("hardswish", || {
        // A square of what is beyond would overflow where it is not selected.
        let t = select(x.abs().ge(3.0), 0.0, x);
        select(x.ge(3.0), x, t * ((t + 3.0) / 6.0) * nan_mark(x))
    })
}

//! A vector-Jacobian product against differences of the values.

use super::{lines, unfit, unfit_direction};
use crate::check::Check;
use crate::checker::Checker;
use crate::reason::Reason;
use crate::scalar::{Scalar, dot, widen};
use crate::verdict::Verdict;

/// Checks Jᵀ w against differences of ⟨w, f⟩, whose gradient it is: no jvp is needed.
///
/// Only Jᵀ w is seen: a mistake in what `w` does not weigh is not. Where there is a jvp, [`adjoint`](crate::adjoint()) is
/// cheaper and sharper.
///
/// # Shapes
/// `f: [n] -> [m]`, `vjp: [n], [m] -> [n]`, `x: [n]`, `w: [m]`.
///
/// # Errors
/// As [`gradient`](crate::gradient()).
///
/// # Example
/// ```
/// let f = |x: &[f64]| vec![x[0] * x[1], x[1].sin()];
/// let vjp = |x: &[f64], w: &[f64]| vec![x[1] * w[0], x[0] * w[0] + x[1].cos() * w[1]];
/// quadric_gradcheck::vjp(f, vjp, &[2.0, 0.5], &[1.0, -1.0]).unwrap();
/// ```
pub fn vjp<T: Scalar>(f: impl Fn(&[T]) -> Vec<T>, vjp: impl Fn(&[T], &[T]) -> Vec<T>, x: &[T], w: &[T]) -> Verdict {
    Checker::new().vjp(f, vjp, x, w)
}

impl Checker {
    /// [`vjp`](crate::vjp()) with these options.
    pub fn vjp<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> Vec<T>,
        vjp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        w: &[T],
    ) -> Verdict {
        let check = Check::Vjp;
        if let Some(reason) = unfit(x, &[]) {
            return Verdict::unchecked(check, reason);
        }
        let outputs = f(x).len();
        if w.len() != outputs {
            return Verdict::unchecked(check, Reason::Shape { what: "w", expected: outputs, got: w.len() });
        }
        if let Some(reason) = unfit_direction("w", w) {
            return Verdict::unchecked(check, reason);
        }
        let weights = widen(w);
        // An f that changes its length would be cut by the product in silence; NaN is told as outside the domain.
        let weighted = |x: &[T]| {
            let y = widen(&f(x));
            T::narrow(if y.len() == outputs { dot(&weights, &y) } else { f64::NAN })
        };
        lines::of_scalar(self, (check, "the claimed Jᵀ w"), &weighted, &|x| vjp(x, w), x)
    }
}

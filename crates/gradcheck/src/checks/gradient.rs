//! A gradient against differences of the values.

use super::lines;
use crate::check::Check;
use crate::checker::Checker;
use crate::scalar::Scalar;
use crate::verdict::Verdict;

/// Checks a gradient against differences of the function.
///
/// # Shapes
/// `f: [n] -> []`, `grad: [n] -> [n]`, `x: [n]`.
///
/// # Errors
/// `Failed` names the wrong entries; `Unchecked` at kinks, outside the domain, and where rounding drowns the
/// differences.
///
/// # Example
/// ```
/// let f = |x: &[f64]| x[0] * x[0] * x[1];
/// let right = |x: &[f64]| vec![2.0 * x[0] * x[1], x[0] * x[0]];
/// let wrong = |x: &[f64]| vec![2.0 * x[0] * x[1], x[0]];
/// quadric_gradcheck::gradient(f, right, &[3.0, 2.0]).unwrap();
///
/// let verdict = quadric_gradcheck::gradient(f, wrong, &[3.0, 2.0]);
/// assert!(verdict.to_string().contains("entry 1: got 3, expected 9"));
/// ```
pub fn gradient<T: Scalar>(f: impl Fn(&[T]) -> T, grad: impl Fn(&[T]) -> Vec<T>, x: &[T]) -> Verdict {
    Checker::new().gradient(f, grad, x)
}

impl Checker {
    /// [`gradient`](crate::gradient()) with these options.
    pub fn gradient<T: Scalar>(&self, f: impl Fn(&[T]) -> T, grad: impl Fn(&[T]) -> Vec<T>, x: &[T]) -> Verdict {
        lines::of_scalar(self, (Check::Gradient, "the gradient"), &f, &grad, x)
    }
}

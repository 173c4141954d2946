//! A Jacobian-vector product against differences of the values.

use super::along_line;
use crate::check::Check;
use crate::checker::Checker;
use crate::scalar::{Scalar, widen};
use crate::verdict::Verdict;

/// Checks J v against d/dt f(x + t v).
///
/// One line in the direction `v`, all entries of the output at once. Only J v is seen: a mistake in what `v` does not
/// multiply is not. For a vjp, there is [`vjp`](crate::vjp()); cheaper, check the jvp here and then the
/// pair with [`adjoint`](crate::adjoint()), which needs no step at all.
///
/// # Shapes
/// `f: [n] -> [m]`, `jvp: [n], [n] -> [m]`, `x`, `v: [n]`.
///
/// # Errors
/// `Failed` names the wrong entries of J v; `Unchecked` at kinks and outside the domain.
///
/// # Example
/// ```
/// let f = |x: &[f64]| vec![x[0] * x[1], x[1].sin()];
/// let jvp = |x: &[f64], v: &[f64]| vec![v[0] * x[1] + x[0] * v[1], x[1].cos() * v[1]];
/// quadric_gradcheck::jvp(f, jvp, &[2.0, 0.5], &[1.0, -1.0]).unwrap();
/// ```
pub fn jvp<T: Scalar>(f: impl Fn(&[T]) -> Vec<T>, jvp: impl Fn(&[T], &[T]) -> Vec<T>, x: &[T], v: &[T]) -> Verdict {
    Checker::new().jvp(f, jvp, x, v)
}

impl Checker {
    /// [`jvp`](crate::jvp()) with these options.
    pub fn jvp<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> Vec<T>,
        jvp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        v: &[T],
    ) -> Verdict {
        let known = || vec![("v", widen(v)), ("x", widen(x)), ("f(x)", widen(&f(x)))];
        let linear = |v: &[T]| jvp(x, v);
        along_line(self, Check::Jvp, &f, &|x| jvp(x, v), x, v, &known, Some(&linear))
    }
}

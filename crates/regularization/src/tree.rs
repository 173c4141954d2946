//! Trees as vectors: inner products, norms, and sums over all leaves at once.
//!
//! Scalars are converted to the dtype of the leaf they meet; sums over leaves have the dtype of the first leaf.

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::{Var, select};

use crate::LIBRARY;

/// `⟨a, b⟩`, summed over all leaves.
///
/// # Panics
/// If the tree has no leaf.
#[track_caller]
#[must_use]
pub fn dot<M: VarTree>(a: &M, b: &M) -> Var {
    LIBRARY.enter(|| {
        let mut sum: Option<Var> = None;
        let _ = a.zip_leaves(b, |a, b| {
            let part = a.inner(*b);
            sum = Some(sum.map_or(part, |sum| sum + part.convert(sum.dtype())));
            part
        });
        sum.expect("tree::dot: the tree has no leaf")
    })
}

/// `‖x‖²` over all leaves.
#[track_caller]
#[must_use]
pub fn square<M: VarTree>(x: &M) -> Var {
    LIBRARY.enter(|| dot(x, x))
}

/// `‖x‖` over all leaves; at 0 it is 0 and so is its derivative, at every order (no NaN appears). A NaN in x is kept.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad, hvp}};
/// use quadric_regularization::tree::norm;
/// let f = |x: Var| norm(&x);
/// assert_eq!(grad(f, &tensor![0.0, -4.0])?, tensor![0.0, -1.0]);
/// assert_eq!(grad(f, &tensor![0.0, 0.0])?, tensor![0.0, 0.0]);
/// assert_eq!(hvp(f, &tensor![0.0, 0.0], &tensor![1.0, 0.0])?, tensor![0.0, 0.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn norm<M: VarTree>(x: &M) -> Var {
    LIBRARY.enter(|| root(square(x)))
}

/// `√s` for `s ≥ 0`, with value and derivatives 0 at 0. The root is taken of a 1 there: a derivative that is selected away must
/// not be infinite, for 0 · ∞ is NaN.
#[track_caller]
pub(crate) fn root(s: Var) -> Var {
    let at_zero = s.equal(0.0);
    select(at_zero, 0.0, select(at_zero, 1.0, s).sqrt())
}

/// `1/√s` for `s > 0`, and 0 at 0.
#[track_caller]
pub(crate) fn inverse_root(s: Var) -> Var {
    let at_zero = s.equal(0.0);
    select(at_zero, 0.0, select(at_zero, 1.0, s).sqrt().recip())
}

/// `x / ‖x‖`, and 0 where x is 0.
#[track_caller]
#[must_use]
pub fn normalized<M: VarTree>(x: &M) -> M {
    LIBRARY.enter(|| scaled(x, inverse_root(square(x))))
}

/// `x · s` for a scalar s.
#[track_caller]
#[must_use]
pub fn scaled<M: VarTree>(x: &M, s: Var) -> M {
    LIBRARY.enter(|| x.map_leaves(|x| x * s.convert(x.dtype())))
}

/// `a + b`.
#[track_caller]
#[must_use]
pub fn sum<M: VarTree>(a: &M, b: &M) -> M {
    LIBRARY.enter(|| a.zip_leaves(b, |a, b| a + b))
}

/// `a + s · b` for a scalar s.
#[track_caller]
#[must_use]
pub fn add_scaled<M: VarTree>(a: &M, b: &M, s: Var) -> M {
    LIBRARY.enter(|| a.zip_leaves(b, |a, b| a + b * s.convert(a.dtype())))
}

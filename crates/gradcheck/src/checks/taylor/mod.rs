//! Taylor remainders: how fast does the error of the local model fall?
//!
//! With a right derivative of order k, the remainder |f(x + h v) − f − h c₁ − … − hᵏ cₖ / k!| falls like h^(k+1): its
//! slope in a log-log plot is k + 1. A wrong derivative of order j ≤ k leaves a term of order hʲ, and the slope stays
//! j. So the slope tells *which* order is wrong. A slope between the two tells that the function is badly scaled or
//! not smooth, which is another thing than wrong.
//!
//! Slopes are read at the short end, as far as remainders rise above rounding: there the lowest power rules.
//! Both signs of h are followed. At a kink the even part of the remainder falls like h, and no derivative is to blame.

mod report;
mod samples;
mod slopes;

use super::unfit;
use crate::check::Check;
use crate::checker::Checker;
use crate::failure::Failure;
use crate::reason::Reason;
use crate::scalar::{Scalar, dot, widen};
use crate::verdict::Verdict;

/// What the remainders of one order say.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The slope is what it should be.
    Right,
    /// The remainders vanish to rounding: f is a polynomial of this degree along the line.
    Exact,
    /// The slope is that of a wrong derivative of this order, off by about `off` along the line.
    Wrong {
        /// The order of the wrong derivative: 1 is the gradient, 2 the Hessian.
        order: usize,
        /// Expected minus claimed directional derivative of that order.
        off: f64,
    },
    /// The remainders cannot tell.
    Unclear(Reason),
}

/// The remainders of the Taylor polynomial of one order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Remainders {
    /// The highest derivative in the polynomial.
    pub order: usize,
    /// order + 1.
    pub expected_slope: f64,
    /// The slope at the short end, if three remainders or more rise above rounding.
    pub slope: Option<f64>,
    /// (h, remainder) from long to short steps, as far as they rise above rounding.
    pub points: Vec<(f64, f64)>,
    /// What that says.
    pub finding: Finding,
    /// A mistake of this size in the derivative of this order (along v) would still have shown.
    pub resolves: f64,
}

/// The slopes of the remainders of every order. Prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaylorReport {
    /// One per order, from 0.
    pub orders: Vec<Remainders>,
    /// The derivatives along v, from order 1.
    derivatives: Vec<f64>,
    /// What stands in the way of any slope: [`TaylorReport::verdict`] says it.
    blocked: Option<Verdict>,
}

/// Checks a gradient by the slope of Taylor remainders along `v`: slope 2 if right, 1 if wrong.
///
/// Only ⟨∇f, v⟩ is seen: a mistake orthogonal to `v` is not.
///
/// # Shapes
/// `f: [n] -> []`, `grad: [n] -> [n]`, `x`, `v: [n]`.
///
/// # Errors
/// None; ask the report for its [`verdict`](TaylorReport::verdict).
///
/// # Example
/// ```
/// let f = |x: &[f64]| x[0].exp();
/// let right = quadric_gradcheck::taylor(f, |x| vec![x[0].exp()], &[0.0], &[1.0]);
/// let wrong = quadric_gradcheck::taylor(f, |x| vec![x[0]], &[0.5], &[1.0]);
/// assert!((right.orders[1].slope.unwrap() - 2.0).abs() < 0.1);
/// assert!((wrong.orders[1].slope.unwrap() - 1.0).abs() < 0.1);
/// assert!(right.verdict().is_passed() && wrong.verdict().is_failed());
/// ```
pub fn taylor<T: Scalar>(f: impl Fn(&[T]) -> T, grad: impl Fn(&[T]) -> Vec<T>, x: &[T], v: &[T]) -> TaylorReport {
    Checker::new().taylor(f, grad, x, v)
}

/// [`taylor()`] with the second order as well: slope 3 if the Hessian-vector product is right too.
///
/// # Shapes
/// `f: [n] -> []`, `grad: [n] -> [n]`, `hvp: [n], [n] -> [n]`, `x`, `v: [n]`.
///
/// # Errors
/// None; ask the report for its [`verdict`](TaylorReport::verdict).
///
/// # Example
/// ```
/// let (f, grad) = (|x: &[f64]| x[0].exp(), |x: &[f64]| vec![x[0].exp()]);
/// let hvp = |x: &[f64], v: &[f64]| vec![2.0 * x[0].exp() * v[0]]; // twice too large
/// let report = quadric_gradcheck::taylor_with_hvp(f, grad, hvp, &[0.0], &[1.0]);
/// assert!(report.verdict().to_string().contains("derivative of order 2"));
/// ```
pub fn taylor_with_hvp<T: Scalar>(
    f: impl Fn(&[T]) -> T,
    grad: impl Fn(&[T]) -> Vec<T>,
    hvp: impl Fn(&[T], &[T]) -> Vec<T>,
    x: &[T],
    v: &[T],
) -> TaylorReport {
    Checker::new().taylor_with_hvp(f, grad, hvp, x, v)
}

/// The same for any order: `derivatives[k - 1]` is the k-th derivative of t ↦ f(x + t v) at 0.
///
/// # Shapes
/// `f: [n] -> []`, `x`, `v: [n]`.
///
/// # Errors
/// None; ask the report for its [`verdict`](TaylorReport::verdict).
///
/// # Example
/// ```
/// // sin at 0: derivatives 1, 0, −1
/// let report = quadric_gradcheck::taylor_coefficients(|x: &[f64]| x[0].sin(), &[1.0, 0.0, -1.0], &[0.0], &[1.0]);
/// report.verdict().unwrap();
/// ```
pub fn taylor_coefficients<T: Scalar>(f: impl Fn(&[T]) -> T, derivatives: &[f64], x: &[T], v: &[T]) -> TaylorReport {
    Checker::new().taylor_coefficients(f, derivatives, x, v)
}

impl Checker {
    /// [`taylor()`] with these options. Slopes have no tolerance: [`Checker::tolerance`] has no effect here.
    pub fn taylor<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> T,
        grad: impl Fn(&[T]) -> Vec<T>,
        x: &[T],
        v: &[T],
    ) -> TaylorReport {
        self.taylor_along(f, &[("the gradient", &grad)], x, v)
    }

    /// [`taylor_with_hvp`] with these options. Slopes have no tolerance: [`Checker::tolerance`] has no effect here.
    pub fn taylor_with_hvp<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> T,
        grad: impl Fn(&[T]) -> Vec<T>,
        hvp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        v: &[T],
    ) -> TaylorReport {
        self.taylor_along(f, &[("the gradient", &grad), ("the claimed H v", &|x| hvp(x, v))], x, v)
    }

    /// The coefficients are ⟨vector, v⟩. A vector of the wrong length would shorten its dot product in silence, and NaN
    /// compares with nothing, so both are looked for first.
    fn taylor_along<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> T,
        vectors: &[(&'static str, super::Map<'_, T>)],
        x: &[T],
        v: &[T],
    ) -> TaylorReport {
        if let Some(reason) = unfit(x, &[("v", v)]) {
            return TaylorReport::blocked(Verdict::unchecked(Check::Taylor, reason));
        }
        let mut coefficients = Vec::new();
        for (what, vector) in vectors {
            let vector = widen(&vector(x));
            if vector.len() != x.len() {
                let failure = Failure::shape(Check::Taylor, what, x.len(), vector.len());
                return TaylorReport::blocked(Verdict::Failed(Box::new(failure)));
            }
            if let Some(i) = vector.iter().position(|entry| !entry.is_finite())
                && f(x).is_finite()
            {
                let failure = Failure::not_finite(Check::Taylor, what, i, vector[i]);
                return TaylorReport::blocked(Verdict::Failed(Box::new(failure)));
            }
            coefficients.push(dot(&vector, &widen(v)));
        }
        self.taylor_coefficients(f, &coefficients, x, v)
    }

    /// [`taylor_coefficients`] with these options. Slopes have no tolerance: [`Checker::tolerance`] has no effect here.
    pub fn taylor_coefficients<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> T,
        derivatives: &[f64],
        x: &[T],
        v: &[T],
    ) -> TaylorReport {
        if let Some(reason) = unfit(x, &[("v", v)]) {
            return TaylorReport::blocked(Verdict::unchecked(Check::Taylor, reason));
        }
        let samples = match samples::sample(self, &f, derivatives, x, v) {
            Ok(samples) => samples,
            Err(reason) => return TaylorReport::blocked(Verdict::unchecked(Check::Taylor, reason)),
        };
        if let Some(k) = derivatives.iter().position(|derivative| !derivative.is_finite()) {
            let failure = Failure::not_finite(Check::Taylor, "the list of derivatives", k, derivatives[k]);
            return TaylorReport::blocked(Verdict::Failed(Box::new(failure)));
        }
        let orders = slopes::read_all(derivatives, &samples);
        TaylorReport { orders, derivatives: derivatives.to_vec(), blocked: None }
    }
}

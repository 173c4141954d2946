//! The third derivative, as the vector D³f(x)\[u, v\].
//!
//! Against differences of the Hessian-vector product, H(x + t v) u, and by its symmetry: the trilinear form
//! D³f\[u, v, w\] is the same in all six orders of its arguments.

use super::adjoint::Test;
use super::{along_line, unfit};
use crate::check::Check;
use crate::checker::Checker;
use crate::passed::Passed;
use crate::reason::Reason;
use crate::scalar::{Scalar, narrow, parallel, widen};
use crate::verdict::Verdict;

/// Checks D³f\[u, v\] against d/dt H(x + t v) u, and its symmetry in u, v and a random w.
///
/// The Hessian-vector product is trusted: check it first, with [`hvp`](crate::hvp()).
///
/// # Shapes
/// `hvp: [n], [n] -> [n]` as `hvp(x, u)`, `third: [n], [n], [n] -> [n]` as `third(x, u, v)`, `x`, `u`, `v: [n]`.
///
/// # Errors
/// `Failed` names the wrong entries; `Unchecked` where the Hessian-vector product has a kink or a jump.
///
/// # Example
/// ```
/// let hvp = |x: &[f64], u: &[f64]| vec![6.0 * x[0] * u[0]]; // of x³
/// let third = |_: &[f64], u: &[f64], v: &[f64]| vec![6.0 * u[0] * v[0]];
/// quadric_gradcheck::third(hvp, third, &[2.0], &[1.0], &[0.5]).unwrap();
/// ```
pub fn third<T: Scalar>(
    hvp: impl Fn(&[T], &[T]) -> Vec<T>,
    third: impl Fn(&[T], &[T], &[T]) -> Vec<T>,
    x: &[T],
    u: &[T],
    v: &[T],
) -> Verdict {
    Checker::new().third(hvp, third, x, u, v)
}

/// Checks that D³f\[u, v, w\] does not depend on the order of u, v, w, nor that of three random directions.
///
/// # Shapes
/// `third: [n], [n], [n] -> [n]` as `third(x, u, v)`, `x`, `u`, `v`, `w: [n]`.
///
/// # Errors
/// `Failed` names the order of arguments that disagrees; `Unchecked` if all three are parallel, for then every order is
/// the same.
///
/// # Example
/// ```
/// // f = x₀² x₁: D³f[u, v, w] = 2 (u₀v₀w₁ + u₀v₁w₀ + u₁v₀w₀)
/// let third = |_: &[f64], u: &[f64], v: &[f64]| vec![2.0 * (u[0] * v[1] + u[1] * v[0]), 2.0 * u[0] * v[0]];
/// let (u, v, w) = ([1.0, 2.0], [0.5, -1.0], [3.0, 1.0]);
/// quadric_gradcheck::third_symmetry(third, &[1.0, 1.0], &u, &v, &w).unwrap();
/// ```
pub fn third_symmetry<T: Scalar>(
    third: impl Fn(&[T], &[T], &[T]) -> Vec<T>,
    x: &[T],
    u: &[T],
    v: &[T],
    w: &[T],
) -> Verdict {
    Checker::new().third_symmetry(third, x, u, v, w)
}

/// (x, u, v) ↦ D³f(x)\[u, v\].
type Form<'a, T> = &'a dyn Fn(&[T], &[T], &[T]) -> Vec<T>;

impl Checker {
    /// [`third`](crate::third()) with these options.
    pub fn third<T: Scalar>(
        &self,
        hvp: impl Fn(&[T], &[T]) -> Vec<T>,
        third: impl Fn(&[T], &[T], &[T]) -> Vec<T>,
        x: &[T],
        u: &[T],
        v: &[T],
    ) -> Verdict {
        if let Some(reason) = unfit(x, &[("u", u), ("v", v)]) {
            return Verdict::unchecked(Check::Third, reason);
        }
        let known = || {
            let product = u.iter().zip(v).map(|(u, v)| u.widen() * v.widen()).collect();
            vec![("u∘v", product), ("u", widen(u)), ("v", widen(v)), ("H u", widen(&hvp(x, u)))]
        };
        let f = |x: &[T]| hvp(x, u);
        let verdict = along_line(self, Check::Third, &f, &|x| third(x, u, v), x, v, &known, None);
        if !verdict.is_passed() {
            return verdict;
        }
        let w: Vec<T> = narrow(&self.random(4).direction(x.len()));
        let symmetric = self.order_of(&third, x, [u, v, &w]).unwrap_or(Verdict::Passed(Passed::nothing(Check::Third)));
        verdict.and(symmetric).closed(self.allows_unresolved())
    }

    /// [`third_symmetry`](crate::third_symmetry()) with these options.
    pub fn third_symmetry<T: Scalar>(
        &self,
        third: impl Fn(&[T], &[T], &[T]) -> Vec<T>,
        x: &[T],
        u: &[T],
        v: &[T],
        w: &[T],
    ) -> Verdict {
        let check = Check::ThirdSymmetry;
        if let Some(reason) = unfit(x, &[("u", u), ("v", v), ("w", w)]) {
            return Verdict::unchecked(check, reason);
        }
        let Some(verdict) = self.order_of(&third, x, [u, v, w]) else {
            return Verdict::unchecked(check, Reason::ParallelDirections);
        };
        let mut random = self.random(6);
        let [a, b, c] = [(); 3].map(|()| narrow::<T>(&random.direction(x.len())));
        let nothing = || Verdict::Passed(Passed::nothing(check));
        let own = if self.most_directions() == 0 { None } else { self.order_of(&third, x, [&a, &b, &c]) };
        verdict.and(own.unwrap_or_else(nothing)).closed(false)
    }

    /// Every order of one triple; nothing if the directions are parallel, so that every order is the same.
    fn order_of<T: Scalar>(&self, third: Form<'_, T>, x: &[T], [u, v, w]: [&[T]; 3]) -> Option<Verdict> {
        // For each fixed first argument the form is a symmetric matrix in the other two; and the two arguments of
        // `third` itself may be exchanged. Together these transpositions generate all six orders.
        let check = Check::ThirdSymmetry;
        let symmetric = |a: &[T], b: &[T], c: &[T]| {
            let product = |x: &[T], direction: &[T]| third(x, a, direction);
            let exchanged = |x: &[T], direction: &[T]| third(x, direction, a);
            let forward = Test { checker: self, check, forward: &product, backward: &product, x };
            let across = Test { checker: self, check, forward: &product, backward: &exchanged, x };
            forward.of(b, c).and(across.of(b, c))
        };
        if parallel(u, v) && parallel(v, w) {
            return None;
        }
        Some(symmetric(u, v, w).and(symmetric(v, w, u)).and(symmetric(w, u, v)))
    }
}

//! The dot-product test: two linear maps are each other's transpose.
//!
//! ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ holds to rounding for every v and w, with no step size anywhere, so it is the sharpest
//! test there is of a vjp once the jvp is known to be right. The symmetry of a Hessian is the same test with both
//! maps the same.
//!
//! (Claerbout 2014, *Geophysical Image Estimation by Example*, for the test; that second derivatives may be exchanged
//! is Schwarz's theorem, and asks that they be continuous.)
//!
//! One pair of directions sees one number: axes see one entry, and directions that happen to be orthogonal to what is
//! wrong see nothing. So a random dense pair of the check's own is compared as well.

use super::{Claim, Map, claim_noise, unfit, unfit_direction};
use crate::cause::{Cause, likely};
use crate::check::Check;
use crate::checker::Checker;
use crate::differences::{Estimate, Seen, axis};
use crate::failure::{Failure, Mismatch};
use crate::judge::{Pair, judge};
use crate::number::Number;
use crate::passed::Passed;
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, dot, largest, narrow, parallel, widen};
use crate::verdict::Verdict;

/// Checks ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ along v and w, and along a random pair.
///
/// # Shapes
/// `jvp: [n], [n] -> [m]`, `vjp: [n], [m] -> [n]`, `x`, `v: [n]`, `w: [m]`.
///
/// # Errors
/// `Failed` names the entries (i, j) of the Jacobian at which the two maps differ, if n + m ≤ 256.
///
/// # Example
/// ```
/// // f(x) = (x₀ x₁, x₁²)
/// let jvp = |x: &[f64], v: &[f64]| vec![x[1] * v[0] + x[0] * v[1], 2.0 * x[1] * v[1]];
/// let vjp = |x: &[f64], w: &[f64]| vec![x[1] * w[0], x[0] * w[0] + 2.0 * x[1] * w[1]];
/// quadric_gradcheck::adjoint(jvp, vjp, &[2.0, 3.0], &[1.0, 0.5], &[-1.0, 2.0]).unwrap();
/// ```
pub fn adjoint<T: Scalar>(
    jvp: impl Fn(&[T], &[T]) -> Vec<T>,
    vjp: impl Fn(&[T], &[T]) -> Vec<T>,
    x: &[T],
    v: &[T],
    w: &[T],
) -> Verdict {
    Checker::new().adjoint(jvp, vjp, x, v, w)
}

/// Checks ⟨u, H v⟩ = ⟨v, H u⟩ along u and v, and along a random pair.
///
/// A Hessian-vector product that is not symmetric is wrong, but a symmetric one need not be right: use
/// [`hvp`](crate::hvp()) as well.
///
/// # Shapes
/// `hvp: [n], [n] -> [n]`, `x`, `u`, `v: [n]`.
///
/// # Errors
/// `Failed` names the entries (i, j) with `H_ij ≠ H_ji`, if n ≤ 128; `Unchecked` if u and v are parallel, for then the
/// two sides are the same for every matrix.
///
/// # Example
/// ```
/// let hvp = |x: &[f64], v: &[f64]| vec![2.0 * (x[1] * v[0] + x[0] * v[1]), 2.0 * x[0] * v[0]];
/// quadric_gradcheck::hessian_symmetry(hvp, &[3.0, 2.0], &[1.0, 0.5], &[-1.0, 2.0]).unwrap();
/// ```
pub fn hessian_symmetry<T: Scalar>(hvp: impl Fn(&[T], &[T]) -> Vec<T>, x: &[T], u: &[T], v: &[T]) -> Verdict {
    Checker::new().hessian_symmetry(hvp, x, u, v)
}

impl Checker {
    /// [`adjoint`](crate::adjoint()) with these options.
    pub fn adjoint<T: Scalar>(
        &self,
        jvp: impl Fn(&[T], &[T]) -> Vec<T>,
        vjp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        v: &[T],
        w: &[T],
    ) -> Verdict {
        let check = Check::Adjoint;
        if let Some(reason) = unfit(x, &[("v", v)]) {
            return Verdict::unchecked(check, reason);
        }
        // Only the jvp knows how long w has to be; the vjp is not called with one that does not fit.
        let m = jvp(x, v).len();
        if w.is_empty() && m == 0 {
            return Verdict::unchecked(check, Reason::Empty);
        }
        if w.len() != m {
            return Verdict::unchecked(check, Reason::Shape { what: "w", expected: m, got: w.len() });
        }
        if let Some(reason) = unfit_direction("w", w) {
            return Verdict::unchecked(check, reason);
        }
        let test = Test { checker: self, check, forward: &jvp, backward: &vjp, x };
        test.of(v, w).and(test.of_random_pair(m)).closed(false)
    }

    /// [`hessian_symmetry`](crate::hessian_symmetry()) with these options.
    pub fn hessian_symmetry<T: Scalar>(
        &self,
        hvp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        u: &[T],
        v: &[T],
    ) -> Verdict {
        let check = Check::HessianSymmetry;
        if let Some(reason) = unfit(x, &[("u", u), ("v", v)]) {
            return Verdict::unchecked(check, reason);
        }
        if parallel(u, v) {
            return Verdict::unchecked(check, Reason::ParallelDirections);
        }
        let test = Test { checker: self, check, forward: &hvp, backward: &hvp, x };
        test.of(v, u).and(test.of_random_pair(x.len())).closed(false)
    }
}

/// Up to how many products are spent on finding the wrong entries.
const MOST_PRODUCTS: usize = 256;

pub(crate) type Product<'a, T> = &'a dyn Fn(&[T], &[T]) -> Vec<T>;

/// ⟨w, forward(v)⟩ = ⟨backward(w), v⟩, for arguments that fit.
pub(crate) struct Test<'a, T> {
    pub(crate) checker: &'a Checker,
    pub(crate) check: Check,
    pub(crate) forward: Product<'a, T>,
    pub(crate) backward: Product<'a, T>,
    pub(crate) x: &'a [T],
}

impl<T: Scalar> Test<'_, T> {
    fn of_random_pair(&self, m: usize) -> Verdict {
        if self.checker.most_directions() == 0 {
            return Verdict::Passed(Passed::nothing(self.check));
        }
        let mut random = self.checker.random(5);
        let v: Vec<T> = narrow(&random.direction(self.x.len()));
        let w: Vec<T> = narrow(&random.direction(m));
        let mut verdict = self.of(&v, &w);
        // Nothing equals nothing along a dense pair: then both maps are zero, and that is each other's transpose.
        if let Verdict::Passed(passed) = &mut verdict {
            passed.checks = passed.checks.max(1);
        }
        verdict
    }

    /// The test along one pair. 0 = 0 is no comparison: it passes with none made.
    pub(crate) fn of(&self, v: &[T], w: &[T]) -> Verdict {
        let Test { checker, check, x, .. } = *self;
        let forward = widen(&(self.forward)(x, v));
        if forward.len() != w.len() {
            let (expected, got) = (w.len(), forward.len());
            return Verdict::Failed(Box::new(Failure::shape(check, "the forward product", expected, got)));
        }
        let backward = widen(&(self.backward)(x, w));
        if backward.len() != v.len() {
            let (expected, got) = (v.len(), backward.len());
            return Verdict::Failed(Box::new(Failure::shape(check, "the backward product", expected, got)));
        }
        for (what, product) in [("the forward product", &forward), ("the backward product", &backward)] {
            if let Some(i) = product.iter().position(|entry| !entry.is_finite()) {
                return Verdict::Failed(Box::new(Failure::not_finite(check, what, i, product[i])));
            }
        }
        let (left, left_noise) = self.product(&|x| (self.forward)(x, v), w, &forward);
        let (right, right_noise) = self.product(&|x| (self.backward)(x, w), v, &backward);
        if left == 0.0 && right == 0.0 {
            return Verdict::Passed(Passed::nothing(check));
        }
        let variation = absolute(&widen(w), &forward).max(absolute(&widen(v), &backward));
        let estimate = Estimate { value: left, error: left_noise };
        let seen = Seen { estimate, variation, still: false, flat_below: None, hides: 0.0 };
        let claim = Claim { place: Place::Scalar, value: right, noise: right_noise };
        let mut verdict = judge(check, &[claim.beside(seen)], &checker.rule::<T>());
        if let Verdict::Failed(failure) = &mut verdict {
            self.blame(failure, v, w, left, right);
        }
        verdict
    }

    /// ⟨weights, product⟩ and its rounding error, measured by moving `x` in its last place.
    fn product(&self, map: Map<'_, T>, weights: &[T], product: &[f64]) -> (f64, f64) {
        let noise = claim_noise(self.checker, map, self.x, product);
        let weights = widen(weights);
        (dot(&weights, product), absolute(&weights, &noise))
    }

    /// Finds the entries at which the two matrices differ.
    fn blame(&self, failure: &mut Failure, v: &[T], w: &[T], left: f64, right: f64) {
        let x = self.x;
        let (n, m) = (v.len(), w.len());
        failure.note = Some(format!(
            "the two dot products are {} (forward) and {} (backward)",
            Number::long(left),
            Number::long(right)
        ));
        let symmetric = self.check != Check::Adjoint;
        failure.cause = likely(&[right], &[Estimate { value: left, error: 0.0 }], &[true], &[]);
        if !symmetric && n == m && n > 1 {
            let swapped = dot(&widen(&(self.forward)(x, w)), &widen(v));
            if (swapped - right).abs() <= 1e-6 * right.abs().max(left.abs()) {
                failure.cause = Some(Cause::Transposed);
            }
        }
        if n + m > MOST_PRODUCTS {
            return;
        }
        let columns: Vec<Vec<f64>> = (0..n).map(|j| widen(&(self.forward)(x, &axis(n, j)))).collect();
        let rows: Vec<Vec<f64>> = (0..m).map(|i| widen(&(self.backward)(x, &axis(m, i)))).collect();
        let size = largest(columns.iter().chain(&rows).flatten().copied());
        let rule = self.checker.rule::<T>();
        let mut wrong = Vec::new();
        for (i, row) in rows.iter().enumerate() {
            for (j, column) in columns.iter().enumerate() {
                if symmetric && i >= j {
                    continue;
                }
                let (claimed, value) = (row[j], column[i]);
                let place = Place::Pair(i, j);
                let error = 4.0 * T::EPSILON * size;
                let expected = Estimate { value, error };
                let seen = Seen { estimate: expected, variation: size, still: false, flat_below: None, hides: 0.0 };
                let pair = Pair { place, claimed, claim_noise: 0.0, seen };
                if !pair.agrees(&rule) {
                    wrong.push(Mismatch { place, claimed, expected, allowed: pair.allowed(&rule) });
                }
            }
        }
        if wrong.is_empty() {
            let note = "; entry by entry the two matrices agree, so one of the maps is not linear in its direction";
            failure.note = failure.note.take().map(|before| before + note);
            failure.cause = None;
            return;
        }
        if symmetric {
            let note = "; at (i, j), \"got\" is H_ji and \"expected\" H_ij: one of the two is wrong";
            failure.note = failure.note.take().map(|before| before + note);
        }
        wrong.sort_by(|a, b| b.excess().total_cmp(&a.excess()));
        failure.compared = if symmetric { n * (n - 1) / 2 } else { n * m };
        failure.mismatches = wrong;
    }
}

/// Σ |a b|.
fn absolute(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a * b).abs()).sum()
}

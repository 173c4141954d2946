//! The dot-product test: two linear maps are each other's transpose.
//!
//! ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ holds to rounding for every v and w, with no step size anywhere, so it is the sharpest
//! test there is of a vjp once the jvp is known to be right. The symmetry of a Hessian is the same test with both
//! maps the same.

use super::{Claim, Map, claim_noise};
use crate::cause::Cause;
use crate::checker::Checker;
use crate::differences::{Estimate, axis};
use crate::failure::{Failure, Mismatch};
use crate::judge::{Pair, judge};
use crate::number::Number;
use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, dot, largest, widen};
use crate::verdict::{Check, Verdict};

/// Checks ⟨w, J v⟩ = ⟨Jᵀ w, v⟩ at one pair of directions.
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

/// Checks ⟨u, H v⟩ = ⟨v, H u⟩ at one pair of directions.
///
/// A Hessian-vector product that is not symmetric is wrong, but a symmetric one need not be right: use
/// [`hvp`](crate::hvp()) as well.
///
/// # Shapes
/// `hvp: [n], [n] -> [n]`, `x`, `u`, `v: [n]`.
///
/// # Errors
/// `Failed` names the entries (i, j) with `H_ij ≠ H_ji`, if n ≤ 128.
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
        Test { checker: self, check: Check::Adjoint, forward: &jvp, backward: &vjp, x, v, w }.run()
    }

    /// [`hessian_symmetry`](crate::hessian_symmetry()) with these options.
    pub fn hessian_symmetry<T: Scalar>(
        &self,
        hvp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        u: &[T],
        v: &[T],
    ) -> Verdict {
        Test { checker: self, check: Check::HessianSymmetry, forward: &hvp, backward: &hvp, x, v, w: u }.run()
    }
}

/// Up to how many products are spent on finding the wrong entries.
const MOST_PRODUCTS: usize = 256;

pub(crate) type Product<'a, T> = &'a dyn Fn(&[T], &[T]) -> Vec<T>;

/// ⟨w, forward(v)⟩ = ⟨backward(w), v⟩.
pub(crate) struct Test<'a, T> {
    pub(crate) checker: &'a Checker,
    pub(crate) check: Check,
    pub(crate) forward: Product<'a, T>,
    pub(crate) backward: Product<'a, T>,
    pub(crate) x: &'a [T],
    pub(crate) v: &'a [T],
    pub(crate) w: &'a [T],
}

impl<T: Scalar> Test<'_, T> {
    pub(crate) fn run(&self) -> Verdict {
        let Test { checker, check, x, v, w, .. } = *self;
        if v.is_empty() || w.is_empty() {
            return Verdict::unchecked(check, Reason::Empty);
        }
        if v.len() != x.len() {
            return Verdict::unchecked(check, Reason::Shape { what: "v", expected: x.len(), got: v.len() });
        }
        if [v, w].into_iter().any(|d| d.iter().all(|d| d.is_zero()) || d.iter().any(|d| !d.is_finite())) {
            return Verdict::unchecked(check, Reason::ZeroDirection);
        }
        let forward = widen(&(self.forward)(x, v));
        let backward = widen(&(self.backward)(x, w));
        if backward.len() != v.len() {
            let (expected, got) = (v.len(), backward.len());
            return Verdict::Failed(Box::new(Failure::shape(check, "the backward product", expected, got)));
        }
        if forward.len() != w.len() {
            let (expected, got) = (w.len(), forward.len());
            return Verdict::Failed(Box::new(Failure::shape(check, "the forward product", expected, got)));
        }
        let (left, left_noise) = self.product(&|x| (self.forward)(x, v), w, &forward);
        let (right, right_noise) = self.product(&|x| (self.backward)(x, w), v, &backward);
        let natural = absolute(&widen(w), &forward).max(absolute(&widen(v), &backward));
        let estimate = Estimate { value: left, error: left_noise };
        let claim = Claim { place: Place::Scalar, value: right, noise: right_noise };
        let mut verdict = judge(check, &[claim.beside(estimate)], natural, &checker.rule::<T>());
        if let Verdict::Failed(failure) = &mut verdict {
            self.blame(failure, left, right);
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
    fn blame(&self, failure: &mut Failure, left: f64, right: f64) {
        let Test { x, v, w, .. } = *self;
        let (n, m) = (v.len(), w.len());
        failure.note = Some(format!(
            "the two dot products are {} (forward) and {} (backward)",
            Number::long(left),
            Number::long(right)
        ));
        let symmetric = self.check != Check::Adjoint;
        failure.cause = crate::cause::likely(&[right], &failure_estimate(failure), &[true], &[]);
        if !failure.cause.as_ref().is_some_and(is_specific) {
            failure.cause = None;
        }
        if !symmetric && n == m {
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
                let pair = Pair { place, claimed, claim_noise: 0.0, estimate: Estimate { value, error } };
                if !pair.agrees(&rule) {
                    let allowed = pair.allowed(&rule);
                    wrong.push(Mismatch { place, claimed, expected: pair.estimate, allowed });
                }
            }
        }
        if wrong.is_empty() {
            let note = "; entry by entry the two matrices agree, so one of the maps is not linear in its direction";
            failure.note = failure.note.take().map(|before| before + note);
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

/// One number is always *some* multiple of another: of a dot product only the classic factors mean anything.
fn is_specific(cause: &Cause) -> bool {
    matches!(cause, Cause::Sign | Cause::Doubled | Cause::Halved | Cause::Zero | Cause::NotFinite)
}

fn failure_estimate(failure: &Failure) -> Vec<Estimate> {
    failure.mismatches.iter().map(|mismatch| mismatch.expected).collect()
}

/// Σ |a b|.
fn absolute(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a * b).abs()).sum()
}

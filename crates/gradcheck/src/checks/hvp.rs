//! A Hessian-vector product, against differences of the gradient or against second differences of the values.
//!
//! Differences of the gradient are the sharper test: one order of differencing, one line, all entries. Values
//! alone are the more independent one: they trust nothing but the function.

use super::{Claim, OTHER_STEPS, along_line, claim_noise, claims, explain, judge_entries, merge};
use crate::checker::Checker;
use crate::differences::{Estimate, Origin, Settings, axis, mixed_at};
use crate::failure::Failure;
use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, dot, narrow, widen};
use crate::verdict::{Check, Verdict};
use std::cell::Cell;

/// Checks H v against d/dt ∇f(x + t v).
///
/// The gradient is trusted: check it first, with [`gradient`](crate::gradient()).
///
/// # Shapes
/// `grad: [n] -> [n]`, `hvp: [n], [n] -> [n]`, `x`, `v: [n]`.
///
/// # Errors
/// `Failed` names the wrong entries of H v; `Unchecked` where the gradient has a kink or a jump.
///
/// # Example
/// ```
/// let grad = |x: &[f64]| vec![2.0 * x[0] * x[1], x[0] * x[0]]; // of x₀² x₁
/// let hvp = |x: &[f64], v: &[f64]| vec![2.0 * (x[1] * v[0] + x[0] * v[1]), 2.0 * x[0] * v[0]];
/// quadric_gradcheck::hvp(grad, hvp, &[3.0, 2.0], &[1.0, -1.0]).unwrap();
/// ```
pub fn hvp<T: Scalar>(grad: impl Fn(&[T]) -> Vec<T>, hvp: impl Fn(&[T], &[T]) -> Vec<T>, x: &[T], v: &[T]) -> Verdict {
    Checker::new().hvp(grad, hvp, x, v)
}

/// Checks H v against second differences of f, entry by entry: eᵢᵀ H v for every i.
///
/// More than [`Checker::entries`] entries are checked along random directions u instead: uᵀ H v.
///
/// # Shapes
/// `f: [n] -> []`, `hvp: [n], [n] -> [n]`, `x`, `v: [n]`.
///
/// # Errors
/// As [`hvp`](crate::hvp()); a kink in the function or in its first derivative is `Unchecked`.
///
/// # Example
/// ```
/// let f = |x: &[f64]| x[0] * x[0] * x[1];
/// let hvp = |x: &[f64], v: &[f64]| vec![2.0 * (x[1] * v[0] + x[0] * v[1]), 2.0 * x[0] * v[0]];
/// quadric_gradcheck::hvp_from_value(f, hvp, &[3.0, 2.0], &[1.0, -1.0]).unwrap();
/// ```
pub fn hvp_from_value<T: Scalar>(
    f: impl Fn(&[T]) -> T,
    hvp: impl Fn(&[T], &[T]) -> Vec<T>,
    x: &[T],
    v: &[T],
) -> Verdict {
    Checker::new().hvp_from_value(f, hvp, x, v)
}

impl Checker {
    /// [`hvp`](crate::hvp()) with these options.
    pub fn hvp<T: Scalar>(
        &self,
        grad: impl Fn(&[T]) -> Vec<T>,
        hvp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        v: &[T],
    ) -> Verdict {
        let known = || candidates(x, v, Some(widen(&grad(x))));
        let linear = |v: &[T]| hvp(x, v);
        along_line(self, Check::Hvp, &grad, &|x| hvp(x, v), x, v, &known, Some(&linear))
    }

    /// [`hvp_from_value`](crate::hvp_from_value()) with these options.
    pub fn hvp_from_value<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> T,
        hvp: impl Fn(&[T], &[T]) -> Vec<T>,
        x: &[T],
        v: &[T],
    ) -> Verdict {
        let check = Check::HvpFromValue;
        let n = x.len();
        if n == 0 {
            return Verdict::unchecked(check, Reason::Empty);
        }
        if v.len() != n {
            return Verdict::unchecked(check, Reason::Shape { what: "v", expected: n, got: v.len() });
        }
        let claimed = widen(&hvp(x, v));
        if claimed.len() != n {
            return Verdict::Failed(Box::new(Failure::shape(check, "the claimed H v", n, claimed.len())));
        }
        let noise = claim_noise(self, &|x| hvp(x, v), x, &claimed);
        let all = n <= self.most_entries();
        let directions: Vec<Vec<T>> = if all {
            (0..n).map(|i| axis(n, i)).collect()
        } else {
            let mut random = self.random(3);
            (0..self.most_directions().max(1)).map(|_| narrow(&random.direction(n))).collect()
        };
        let mut numbers = claims(&claimed, &noise);
        if !all {
            numbers = directions
                .iter()
                .enumerate()
                .map(|(k, u)| Claim {
                    place: Place::Direction(k),
                    value: dot(&widen(u), &claimed),
                    noise: widen(u).iter().zip(&noise).map(|(u, noise)| u.abs() * noise).sum(),
                })
                .collect();
        }
        let settings = self.settings::<T>();
        let value = |x: &[T]| vec![f(x)];
        let origin = match Origin::of(&value, x, &settings) {
            Ok(origin) => origin,
            Err(reason) => return Verdict::unchecked(check, reason),
        };
        let natural = Cell::new(0.0f64);
        let estimates = |step: f64| -> Vec<Result<Estimate, Reason>> {
            let settings = Settings { step: step * settings.step, ..settings };
            let estimate = |(u, number): (&Vec<T>, &Claim)| {
                let (estimate, scale) =
                    mixed_at(&value, &origin, u, v, &settings).map_err(|reason| reason.at(number.place))?;
                natural.set(natural.get().max(scale));
                Ok(estimate)
            };
            directions.iter().zip(&numbers).map(estimate).collect()
        };
        let mut found = estimates(1.0);
        let mut verdict = judge_entries::<T>(self, check, &numbers, &found, natural.get());
        if verdict.is_failed() {
            for step in OTHER_STEPS {
                merge(&mut found, estimates(step));
            }
            verdict = judge_entries::<T>(self, check, &numbers, &found, natural.get());
        }
        if let Verdict::Failed(failure) = &mut verdict
            && all
            && let Ok(found) = found.into_iter().collect::<Result<Vec<_>, _>>()
        {
            let linear = |v: &[T]| hvp(x, v);
            failure.cause = explain(&claimed, &found, failure, &candidates(x, v, None), Some(&linear), v);
        }
        verdict
    }
}

/// Vectors that a forgotten term of H v is likely to be parallel to: a ridge gives `v`, a quartic `x²∘v`.
fn candidates<T: Scalar>(x: &[T], v: &[T], gradient: Option<Vec<f64>>) -> Vec<(&'static str, Vec<f64>)> {
    let (x, v) = (widen(x), widen(v));
    let times = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a * b).collect() };
    let x_v = times(&x, &v);
    let x_x_v = times(&x, &x_v);
    let mut candidates = vec![("v", v), ("x", x), ("x∘v", x_v), ("x²∘v", x_x_v)];
    candidates.extend(gradient.map(|gradient| ("the gradient", gradient)));
    candidates
}

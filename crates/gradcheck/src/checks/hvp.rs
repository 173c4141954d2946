//! A Hessian-vector product, against differences of the gradient or against second differences of the values.
//!
//! Differences of the gradient are the sharper test: one order of differencing, one line, all entries. Values
//! alone are the more independent one: they trust nothing but the function.

use super::{
    Claim, OTHER_STEPS, all_estimates, along_line, claim_noise, claims, explain, judge_entries, merge, steady, unfit,
};
use crate::check::Check;
use crate::checker::Checker;
use crate::differences::{Origin, Seen, Settings, axis, mixed_at};
use crate::failure::Failure;
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, dot, narrow, widen};
use crate::verdict::Verdict;

/// Checks H v against d/dt ∇f(x + t v).
///
/// H v = d/dt ∇f(x + t v) at t = 0 is what defines the product ([Pearlmutter 1994]). The gradient is trusted: check it
/// first, with [`gradient`](crate::gradient()). Only H v is seen: a mistake in what `v` does not multiply is not.
///
/// [Pearlmutter 1994]: https://doi.org/10.1162/neco.1994.6.1.147
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
        if let Some(reason) = unfit(x, &[("v", v)]) {
            return Verdict::unchecked(check, reason);
        }
        let claimed = widen(&hvp(x, v));
        if claimed.len() != n {
            return Verdict::Failed(Box::new(Failure::shape(check, "the claimed H v", n, claimed.len())));
        }
        let noise = claim_noise(self, &|x| hvp(x, v), x, &claimed);
        // A direction would only say that some entry is NaN; the entries themselves say which.
        let wild: Vec<usize> = (0..n).filter(|&i| !claimed[i].is_finite()).collect();
        let all = n <= self.most_entries() || !wild.is_empty();
        let numbers = claims(&claimed, &noise);
        let (directions, numbers): (Vec<Vec<T>>, Vec<Claim>) = if !wild.is_empty() {
            wild.iter().map(|&i| (axis(n, i), numbers[i])).unzip()
        } else if all {
            (0..n).map(|i| (axis(n, i), numbers[i])).unzip()
        } else {
            let mut random = self.random(3);
            let along = |k| {
                let u: Vec<T> = narrow(&random.direction(n));
                let noise = widen(&u).iter().zip(&noise).map(|(u, noise)| u.abs() * noise).sum();
                let claim = Claim { place: Place::Direction(k), value: dot(&widen(&u), &claimed), noise };
                (u, claim)
            };
            (0..self.most_directions()).map(along).unzip()
        };
        if numbers.is_empty() {
            return Verdict::unchecked(check, Reason::NothingCompared);
        }
        let settings = self.settings::<T>();
        let value = |x: &[T]| vec![f(x)];
        let origin = match Origin::of(&value, x, &settings) {
            Ok(origin) => origin,
            Err(reason) => return Verdict::unchecked(check, reason),
        };
        let look = |step: f64| -> Vec<Result<Seen, Reason>> {
            let settings = Settings { step: step * settings.step, ..settings };
            let look = |(u, number): (&Vec<T>, &Claim)| {
                mixed_at(&value, &origin, u, v, &settings).map_err(|reason| reason.at(number.place))
            };
            directions.iter().zip(&numbers).map(look).collect()
        };
        let mut seen = look(1.0);
        let mut verdict = judge_entries::<T>(self, check, &numbers, &seen);
        if verdict.is_failed() {
            for step in OTHER_STEPS {
                merge(&mut seen, look(step));
            }
            verdict = judge_entries::<T>(self, check, &numbers, &seen);
        }
        if let Verdict::Failed(failure) = &mut verdict
            && all
            && wild.is_empty()
            && let Some(estimates) = all_estimates(&seen)
        {
            let linear = |v: &[T]| hvp(x, v);
            failure.cause = explain(&claimed, &estimates, failure, &candidates(x, v, None), Some(&linear), v);
        }
        steady(&origin, &value, check, verdict).closed(self.allows_unresolved())
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

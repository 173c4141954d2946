//! A gradient against differences of the values.
//!
//! Short gradients are checked entry by entry, so that the message can name the wrong one. Long ones are checked
//! along random dense directions, where a single wrong entry shows in every one of them, and a direction that fails
//! is bisected: half its entries are set to zero, the half that still fails is kept. A million entries take
//! twenty halvings.

use super::{Claim, Map, OTHER_STEPS, claim_noise, claims, explain, judge_entries, second_opinion};
use crate::checker::Checker;
use crate::differences::{Estimate, Order, Origin, Settings, along, axis};
use crate::failure::{Failure, Mismatch};
use crate::judge::Pair;
use crate::number::Number;
use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, dot, largest, narrow, widen};
use crate::verdict::{Check, Passed, Verdict};

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
        let check = Check::Gradient;
        let n = x.len();
        if n == 0 {
            return Verdict::unchecked(check, Reason::Empty);
        }
        let claimed = widen(&grad(x));
        if claimed.len() != n {
            return Verdict::Failed(Box::new(Failure::shape(check, "the gradient", n, claimed.len())));
        }
        let noise = claim_noise(self, &grad, x, &claimed);
        let f = |x: &[T]| vec![f(x)];
        let origin = match Origin::of(&f, x, &self.settings::<T>()) {
            Ok(origin) => origin,
            Err(reason) => return Verdict::unchecked(check, reason),
        };
        let lines = Lines { checker: self, f: &f, x, origin };
        let entries = lines.entries(&claimed, &noise);
        if entries.is_failed() || n == 1 {
            return entries;
        }
        entries.and(lines.directions(&claimed, &noise))
    }
}

/// How many entries of a long gradient are looked at one by one.
const SAMPLED: usize = 8;

/// Lines of one function through one point.
struct Lines<'a, T> {
    checker: &'a Checker,
    f: Map<'a, T>,
    x: &'a [T],
    origin: Origin<'a, T>,
}

impl<T: Scalar> Lines<'_, T> {
    /// The estimate along `v`, and the natural scale. An estimate that contradicts the claim is confirmed by a second.
    fn estimate(&self, v: &[T], claim: Claim) -> Result<(Estimate, f64), Reason> {
        let settings = self.checker.settings::<T>();
        let line = along(self.f, &self.origin, v, Order::First, &settings)?;
        let natural = line.natural_scale;
        let mut estimate = line.only()?;
        if claim.beside(estimate).agrees(&self.checker.rule::<T>()) {
            return Ok((estimate, natural));
        }
        for step in OTHER_STEPS {
            let settings = Settings { step: step * settings.step, ..settings };
            let other = along(self.f, &self.origin, v, Order::First, &settings)?.only()?;
            estimate = second_opinion(&estimate, &other);
        }
        Ok((estimate, natural))
    }

    fn entries(&self, claimed: &[f64], noise: &[f64]) -> Verdict {
        let n = self.x.len();
        let all = n <= self.checker.most_entries();
        let chosen: Vec<usize> = if all { (0..n).collect() } else { self.sample(claimed) };
        let everything = claims(claimed, noise);
        let claims: Vec<Claim> = chosen.iter().map(|&i| everything[i]).collect();
        let mut natural = 0.0f64;
        let mut estimates = Vec::with_capacity(claims.len());
        for (claim, &i) in claims.iter().zip(&chosen) {
            let estimate = self.estimate(&axis(n, i), *claim);
            estimates.push(match estimate {
                Ok((estimate, scale)) => {
                    natural = natural.max(scale);
                    Ok(estimate)
                }
                Err(reason) => Err(reason.at(Place::Entry(i))),
            });
        }
        let mut verdict = judge_entries::<T>(self.checker, Check::Gradient, &claims, &estimates, natural);
        match &mut verdict {
            Verdict::Failed(failure) if all => {
                if let Ok(estimates) = estimates.into_iter().collect::<Result<Vec<_>, _>>() {
                    let x = widen(self.x);
                    let known = [("1", vec![1.0; n]), ("x", x.clone()), ("x²", x.iter().map(|x| x * x).collect())];
                    failure.cause = explain(claimed, &estimates, failure, &known, None, self.x);
                }
            }
            // Single entries of a long sum may drown in its rounding; the directions then have to do.
            Verdict::Unchecked { reason: Reason::Noisy { .. }, .. } if !all => {
                return Verdict::Passed(Passed { unresolved: claims.len(), ..Passed::NOTHING });
            }
            _ => {}
        }
        verdict
    }

    /// The largest entry and some random others.
    fn sample(&self, claimed: &[f64]) -> Vec<usize> {
        let mut random = self.checker.random(1);
        let top = (0..claimed.len()).max_by(|&a, &b| claimed[a].abs().total_cmp(&claimed[b].abs()));
        let mut chosen: Vec<usize> = top.into_iter().collect();
        chosen.extend((1..SAMPLED).map(|_| random.below(claimed.len())));
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    /// All directions in one judgement: they are equally long, so they share a scale.
    fn directions(&self, claimed: &[f64], noise: &[f64]) -> Verdict {
        let mut random = self.checker.random(2);
        let mut vectors = Vec::new();
        let mut claims = Vec::new();
        for k in 0..self.checker.most_directions() {
            let mut v = random.direction(self.x.len());
            if k == 0 {
                // Along the claimed signs nothing cancels: the largest derivative that noise can be compared with.
                let signs = v.iter_mut().zip(claimed).filter(|(_, g)| **g != 0.0);
                signs.for_each(|(v, g)| *v = v.abs().copysign(*g));
            }
            let v = widen(&narrow::<T>(&v));
            claims.push(Claim { place: Place::Direction(k), ..along_v(&v, claimed, noise) });
            vectors.push(v);
        }
        if vectors.is_empty() {
            return Verdict::Passed(Passed::NOTHING);
        }
        let mut natural = 0.0f64;
        let mut estimates = Vec::new();
        for (v, claim) in vectors.iter().zip(&claims) {
            let estimate = self.estimate(&narrow(v), *claim);
            estimates.push(match estimate {
                Ok((estimate, scale)) => {
                    natural = natural.max(scale);
                    Ok(estimate)
                }
                Err(reason) => Err(reason.at(claim.place)),
            });
        }
        let check = Check::Gradient;
        let mut verdict = judge_entries::<T>(self.checker, check, &claims, &estimates, natural);
        if let Verdict::Failed(failure) = &mut verdict
            && let Some(worst) = failure.worst().copied()
            && let Place::Direction(k) = worst.place
        {
            let Some((i, pair)) = self.bisect(&vectors[k], claimed, noise) else {
                failure.note = Some("no single entry could be found to blame".into());
                return verdict;
            };
            failure.note = Some(format!(
                "found by bisecting {}, where {} was claimed and {} expected",
                worst.place,
                Number::long(worst.claimed),
                Number::long(worst.expected.value)
            ));
            failure.mismatches = vec![Mismatch {
                place: Place::Entry(i),
                claimed: pair.claimed,
                expected: pair.estimate,
                allowed: pair.allowed(&self.checker.rule::<T>()),
            }];
            failure.compared = self.x.len();
        }
        verdict
    }

    /// Follows the half of the direction that disagrees more, down to one entry.
    fn bisect(&self, v: &[f64], claimed: &[f64], noise: &[f64]) -> Option<(usize, Pair)> {
        let (mut start, mut end) = (0, v.len());
        let disagreement = |start: usize, end: usize| -> Option<(f64, Pair)> {
            let part: Vec<f64> = (0..v.len()).map(|i| if (start..end).contains(&i) { v[i] } else { 0.0 }).collect();
            let claim = along_v(&part, claimed, noise);
            let (estimate, _) = self.estimate(&narrow(&part), claim).ok()?;
            let pair = claim.beside(estimate);
            let excess = (pair.claimed - estimate.value).abs() / pair.allowed(&self.checker.rule::<T>());
            Some((excess, pair))
        };
        while end - start > 1 {
            let middle = start + (end - start) / 2;
            let left = disagreement(start, middle).map_or(0.0, |(excess, _)| excess);
            let right = disagreement(middle, end).map_or(0.0, |(excess, _)| excess);
            if left >= right { end = middle } else { start = middle }
        }
        let claim = Claim { place: Place::Entry(start), value: claimed[start], noise: noise[start] };
        let (estimate, _) = self.estimate(&axis(v.len(), start), claim).ok()?;
        let pair = claim.beside(estimate);
        (!pair.agrees(&self.checker.rule::<T>())).then_some((start, pair))
    }
}

/// ⟨g, v⟩ as a claim. The rounding of the entries is taken as independent, or long gradients could not be told apart.
fn along_v(v: &[f64], claimed: &[f64], noise: &[f64]) -> Claim {
    let squares = v.iter().zip(noise).map(|(v, noise)| (v * noise).powi(2)).sum::<f64>();
    let top = largest(v.iter().zip(claimed).map(|(v, g)| v * g));
    Claim {
        place: Place::Scalar,
        value: dot(v, claimed),
        noise: squares.sqrt() + f64::EPSILON * top * (v.len() as f64).sqrt(),
    }
}

//! Every entry of a gradient, from lines of one scalar function through one point.
//!
//! Short gradients are checked entry by entry, so that the message can name the wrong one. Long ones are checked
//! along random dense directions, where a single wrong entry shows in every one of them, and a direction that fails
//! is bisected: half its entries are set to zero, the half that still fails is kept. A million entries take
//! twenty halvings.

use super::{
    Claim, Map, OTHER_STEPS, all_estimates, claim_noise, claims, explain, judge_entries, second_opinion, steady, unfit,
};
use crate::cause::{Cause, likely};
use crate::check::Check;
use crate::checker::Checker;
use crate::differences::{Estimate, Order, Origin, Seen, Settings, along, axis};
use crate::failure::{Failure, Mismatch};
use crate::judge::Pair;
use crate::number::Number;
use crate::passed::Passed;
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, dot, largest, narrow, widen};
use crate::verdict::Verdict;

/// Checks a claimed gradient of a scalar function, named `what` in messages.
pub(crate) fn of_scalar<T: Scalar>(
    checker: &Checker,
    (check, what): (Check, &str),
    f: &dyn Fn(&[T]) -> T,
    grad: Map<'_, T>,
    x: &[T],
) -> Verdict {
    let n = x.len();
    if let Some(reason) = unfit(x, &[]) {
        return Verdict::unchecked(check, reason);
    }
    let claimed = widen(&grad(x));
    if claimed.len() != n {
        return Verdict::Failed(Box::new(Failure::shape(check, what, n, claimed.len())));
    }
    let noise = claim_noise(checker, grad, x, &claimed);
    let f = |x: &[T]| vec![f(x)];
    let origin = match Origin::of(&f, x, &checker.settings::<T>()) {
        Ok(origin) => origin,
        Err(reason) => return Verdict::unchecked(check, reason),
    };
    let lines = Lines { check, checker, f: &f, x, origin };
    let mut verdict = lines.entries(&claimed, &noise);
    if !verdict.is_failed() && n > 1 {
        verdict = verdict.and(lines.directions(&claimed, &noise));
    }
    // Single entries of a long sum may drown in its rounding; the directions then have to do, unless told otherwise.
    let long = n > checker.most_entries() && !checker.is_strict();
    steady(&lines.origin, &f, check, verdict).closed(long || checker.allows_unresolved())
}

/// How many entries of a long gradient are looked at one by one.
const SAMPLED: usize = 8;

/// Lines of one function through one point.
pub(crate) struct Lines<'a, T> {
    check: Check,
    checker: &'a Checker,
    f: Map<'a, T>,
    x: &'a [T],
    origin: Origin<'a, T>,
}

impl<T: Scalar> Lines<'_, T> {
    /// What the line along `v` tells. An estimate that contradicts the claim is confirmed by others.
    fn estimate(&self, v: &[T], claim: Claim) -> Result<Seen, Reason> {
        let settings = self.checker.settings::<T>();
        let mut seen = along(self.f, &self.origin, v, Order::First, &settings)?.only()?;
        if claim.beside(seen).agrees(&self.checker.rule::<T>()) {
            return Ok(seen);
        }
        for step in OTHER_STEPS {
            let settings = Settings { step: step * settings.step, ..settings };
            let other = along(self.f, &self.origin, v, Order::First, &settings)?.only()?;
            seen = second_opinion(&seen, &other);
        }
        Ok(seen)
    }

    fn entries(&self, claimed: &[f64], noise: &[f64]) -> Verdict {
        let n = self.x.len();
        let all = n <= self.checker.most_entries();
        let chosen: Vec<usize> = if all { (0..n).collect() } else { self.sample(claimed) };
        let everything = claims(claimed, noise);
        let claims: Vec<Claim> = chosen.iter().map(|&i| everything[i]).collect();
        let look = |(claim, &i): (&Claim, &usize)| {
            self.estimate(&axis(n, i), *claim).map_err(|reason| reason.at(Place::Entry(i)))
        };
        let seen: Vec<_> = claims.iter().zip(&chosen).map(look).collect();
        let mut verdict = judge_entries::<T>(self.checker, self.check, &claims, &seen);
        match &mut verdict {
            Verdict::Failed(failure) => {
                if let Some(estimates) = all_estimates(&seen) {
                    if all {
                        let x = widen(self.x);
                        let known = [("1", vec![1.0; n]), ("x", x.clone()), ("x²", x.iter().map(|x| x * x).collect())];
                        failure.cause = explain(claimed, &estimates, failure, &known, None, self.x);
                    } else {
                        let claimed: Vec<f64> = claims.iter().map(|claim| claim.value).collect();
                        failure.cause = failure.cause.take().or(everywhere(&claimed, &estimates));
                    }
                }
            }
            Verdict::Unchecked { reason: Reason::Noisy { .. }, .. } if !all && !self.checker.is_strict() => {
                let rule = self.checker.rule::<T>();
                let drowned = claims
                    .iter()
                    .zip(&seen)
                    .filter_map(|(claim, seen)| seen.as_ref().ok().map(|seen| claim.beside(*seen).unresolved(&rule)));
                let unresolved = drowned.collect();
                return Verdict::Passed(Passed { unresolved, ..Passed::nothing(self.check) });
            }
            _ => {}
        }
        verdict
    }

    /// The largest entry and some random others; entries that are not finite before any other.
    fn sample(&self, claimed: &[f64]) -> Vec<usize> {
        let wild: Vec<usize> = (0..claimed.len()).filter(|&i| !claimed[i].is_finite()).take(SAMPLED).collect();
        if !wild.is_empty() {
            return wild;
        }
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
            return Verdict::Passed(Passed::nothing(self.check));
        }
        let look = |(v, claim): (&Vec<f64>, &Claim)| {
            self.estimate(&narrow(v), *claim).map_err(|reason| reason.at(claim.place))
        };
        let seen: Vec<_> = vectors.iter().zip(&claims).map(look).collect();
        let mut verdict = judge_entries::<T>(self.checker, self.check, &claims, &seen);
        if let Verdict::Failed(failure) = &mut verdict
            && let Some(worst) = failure.worst().copied()
            && let Place::Direction(k) = worst.place
        {
            let found = self.bisect(&vectors[k], claimed, noise);
            if found.is_none() && self.x.len() <= self.checker.most_entries() {
                let (place, sum, along) = (worst.place, worst.claimed, worst.expected.value);
                return Verdict::unchecked(self.check, Reason::NotLinear { place, sum, along });
            }
            let Some((i, pair)) = found else {
                failure.note = Some("no single entry could be found to blame".into());
                return verdict;
            };
            if let Some(estimates) = all_estimates(&seen) {
                let along: Vec<f64> = claims.iter().map(|claim| claim.value).collect();
                failure.cause = everywhere(&along, &estimates);
            }
            failure.note = Some(format!(
                "found by bisecting {}, where {} was claimed and {} expected",
                worst.place,
                Number::long(worst.claimed),
                Number::long(worst.expected.value)
            ));
            failure.mismatches = vec![Mismatch {
                place: Place::Entry(i),
                claimed: pair.claimed,
                expected: pair.estimate(),
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
            let pair = claim.beside(self.estimate(&narrow(&part), claim).ok()?);
            let excess = (pair.claimed - pair.estimate().value).abs() / pair.allowed(&self.checker.rule::<T>());
            Some((excess, pair))
        };
        while end - start > 1 {
            let middle = start + (end - start) / 2;
            let left = disagreement(start, middle).map_or(0.0, |(excess, _)| excess);
            let right = disagreement(middle, end).map_or(0.0, |(excess, _)| excess);
            if left >= right { end = middle } else { start = middle }
        }
        let claim = Claim { place: Place::Entry(start), value: claimed[start], noise: noise[start] };
        let pair = claim.beside(self.estimate(&axis(v.len(), start), claim).ok()?);
        (!pair.agrees(&self.checker.rule::<T>())).then_some((start, pair))
    }
}

/// The cause of a failure of a long gradient, read off a few numbers: only what holds everywhere shows in these.
fn everywhere(claimed: &[f64], estimates: &[Estimate]) -> Option<Cause> {
    let cause = likely(claimed, estimates, &vec![true; claimed.len()], &[])?;
    (claimed.len() > 1 && cause.is_classic()).then_some(cause)
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

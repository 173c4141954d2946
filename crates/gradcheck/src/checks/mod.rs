//! The checks, a file each, and what they share.

pub(crate) mod adjoint;
pub mod control;
pub(crate) mod gradient;
pub(crate) mod hvp;
pub(crate) mod jvp;
pub(crate) mod lines;
pub(crate) mod taylor;
pub(crate) mod third;
pub(crate) mod vjp;

use crate::cause::{Cause, likely};
use crate::check::Check;
use crate::checker::Checker;
use crate::differences::{Estimate, Line, Order, Origin, Seen, Settings, along, axis, noise};
use crate::failure::Failure;
use crate::judge::{Pair, judge};
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, dot, widen};
use crate::verdict::Verdict;

/// A function under test, as the checks pass it on.
pub(crate) type Map<'a, T> = &'a dyn Fn(&[T]) -> Vec<T>;

/// How far the claim itself moves when `x` moves in its last place: its own rounding and conditioning.
pub(crate) fn claim_noise<T: Scalar>(checker: &Checker, claim: Map<'_, T>, x: &[T], claimed: &[f64]) -> Vec<f64> {
    noise::measure(claim, x, claimed, 2, &checker.settings::<T>())
}

/// Judges the entries that have an estimate; those that have none make an otherwise good verdict `Unchecked`.
pub(crate) fn judge_entries<T: Scalar>(
    checker: &Checker,
    check: Check,
    claims: &[Claim],
    estimates: &[Result<Seen, Reason>],
) -> Verdict {
    let mut pairs = Vec::with_capacity(claims.len());
    let mut blind = None;
    for (claim, estimate) in claims.iter().zip(estimates) {
        match estimate {
            Ok(seen) => pairs.push(claim.beside(*seen)),
            Err(reason) => blind = blind.or(Some(reason)),
        }
    }
    match blind {
        None => judge(check, &pairs, &checker.rule::<T>()),
        Some(reason) => {
            let unchecked = Verdict::unchecked(check, reason.clone());
            if pairs.is_empty() {
                return unchecked;
            }
            unchecked.and(judge(check, &pairs, &checker.rule::<T>()))
        }
    }
}

/// A number under test, before there is anything to compare it with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) place: Place,
    pub(crate) value: f64,
    pub(crate) noise: f64,
}

impl Claim {
    pub(crate) fn beside(self, seen: Seen) -> Pair {
        Pair { place: self.place, claimed: self.value, claim_noise: self.noise, seen }
    }
}

/// The entries of a vector as claims.
pub(crate) fn claims(values: &[f64], noise: &[f64]) -> Vec<Claim> {
    let entries = values.iter().zip(noise).enumerate();
    entries.map(|(i, (&value, &noise))| Claim { place: Place::Entry(i), value, noise }).collect()
}

/// A second opinion: the same line from another first step. Where the two estimates disagree by more than their
/// errors, one of them had converged by accident, and the disagreement is the honest error.
pub(crate) fn second_opinion(first: &Seen, second: &Seen) -> Seen {
    let better = if second.estimate.error < first.estimate.error { second } else { first };
    let (a, b) = (first.estimate, second.estimate);
    let apart = (a.value - b.value).abs();
    let mut estimate = better.estimate;
    if apart > a.error + b.error {
        estimate.error += apart;
    }
    Seen {
        estimate,
        variation: first.variation.max(second.variation),
        still: first.still && second.still,
        flat_below: first.flat_below.or(second.flat_below),
        hides: first.hides.max(second.hides),
    }
}

pub(crate) fn merge(first: &mut [Result<Seen, Reason>], second: Vec<Result<Seen, Reason>>) {
    for (first, second) in first.iter_mut().zip(second) {
        let merged = match (&*first, second) {
            (Ok(first), Ok(second)) => Ok(second_opinion(first, &second)),
            (Err(_), _) => continue,
            (Ok(_), Err(reason)) => Err(reason),
        };
        *first = merged;
    }
}

/// The estimates alone, if every entry has one.
pub(crate) fn all_estimates(seen: &[Result<Seen, Reason>]) -> Option<Vec<Estimate>> {
    seen.iter().map(|seen| seen.as_ref().ok().map(|seen| seen.estimate)).collect()
}

/// What makes the arguments of a check useless: `x` is not finite, or a vector does not fit it, is not finite or is zero.
///
/// Asked before any closure is called, so that a wrong length is told as such and does not panic inside one.
pub(crate) fn unfit<T: Scalar>(x: &[T], directions: &[(&'static str, &[T])]) -> Option<Reason> {
    if x.is_empty() {
        return Some(Reason::Empty);
    }
    let infinite = |values: &[T]| values.iter().position(|value| !value.is_finite());
    if let Some(entry) = infinite(x) {
        return Some(Reason::InputNotFinite { what: "x", entry });
    }
    for &(what, direction) in directions {
        if direction.len() != x.len() {
            return Some(Reason::Shape { what, expected: x.len(), got: direction.len() });
        }
        if let Some(reason) = unfit_direction(what, direction) {
            return Some(reason);
        }
    }
    None
}

pub(crate) fn unfit_direction<T: Scalar>(what: &'static str, direction: &[T]) -> Option<Reason> {
    if let Some(entry) = direction.iter().position(|value| !value.is_finite()) {
        return Some(Reason::InputNotFinite { what, entry });
    }
    direction.iter().all(|value| value.is_zero()).then_some(Reason::ZeroDirection)
}

/// The first steps of second opinions, relative to the first one's: one near, two far shorter, for functions whose own
/// scale is. No powers of the tableau's ratio, or they would share points with the first.
pub(crate) const OTHER_STEPS: [f64; 3] = [0.37, 1.0 / 61.0, 1.0 / 1009.0];

/// Checks a claimed vector against a line of `f` along `v`: jvp, hvp and third are this with different functions.
///
/// `known` are candidates for a missing term; `linear` is the claimed map, if a transpose is worth looking for.
#[allow(clippy::too_many_arguments)]
pub(crate) fn along_line<T: Scalar>(
    checker: &Checker,
    check: Check,
    f: Map<'_, T>,
    claim: Map<'_, T>,
    x: &[T],
    v: &[T],
    known: &dyn Fn() -> Vec<(&'static str, Vec<f64>)>,
    linear: Option<Map<'_, T>>,
) -> Verdict {
    if let Some(reason) = unfit(x, &[("v", v)]) {
        return Verdict::unchecked(check, reason);
    }
    let claimed = widen(&claim(x));
    let outputs = f(x).len();
    if claimed.len() != outputs {
        return Verdict::Failed(Box::new(Failure::shape(check, "the claimed derivative", outputs, claimed.len())));
    }
    let noise = claim_noise(checker, claim, x, &claimed);
    let claims = claims(&claimed, &noise);
    let settings = checker.settings::<T>();
    let origin = match Origin::of(f, x, &settings) {
        Ok(origin) => origin,
        Err(reason) => return Verdict::unchecked(check, reason),
    };
    let line = |step: f64| -> Result<Line, Reason> {
        let settings = Settings { step: step * settings.step, ..settings };
        along(f, &origin, v, Order::First, &settings)
    };
    let first = match line(1.0) {
        Ok(line) => line,
        Err(reason) => return Verdict::unchecked(check, reason),
    };
    let mut estimates = first.entries;
    let mut verdict = judge_entries::<T>(checker, check, &claims, &estimates);
    if verdict.is_failed() {
        for step in OTHER_STEPS {
            match line(step) {
                Ok(other) => merge(&mut estimates, other.entries),
                Err(reason) => return Verdict::unchecked(check, reason),
            }
        }
        verdict = judge_entries::<T>(checker, check, &claims, &estimates);
    }
    if let Verdict::Failed(failure) = &mut verdict
        && let Some(estimates) = all_estimates(&estimates)
    {
        failure.cause = explain(&claimed, &estimates, failure, &known(), linear, v);
    }
    steady(&origin, f, check, verdict).closed(checker.allows_unresolved())
}

/// The verdict, unless the function has drifted meanwhile: then its differences were none.
pub(crate) fn steady<T: Scalar>(origin: &Origin<'_, T>, f: Map<'_, T>, check: Check, verdict: Verdict) -> Verdict {
    if origin.has_drifted(f) { Verdict::unchecked(check, Reason::NotDeterministic) } else { verdict }
}

/// The cause of a failure among the entries of one vector.
fn explain<T: Scalar>(
    claimed: &[f64],
    estimates: &[Estimate],
    failure: &Failure,
    known: &[(&'static str, Vec<f64>)],
    linear: Option<Map<'_, T>>,
    v: &[T],
) -> Option<Cause> {
    let mut wrong = vec![false; claimed.len()];
    for mismatch in &failure.mismatches {
        if let Place::Entry(i) = mismatch.place {
            wrong[i] = true;
        }
    }
    let known: Vec<_> = known.iter().filter(|(_, vector)| vector.len() == claimed.len()).cloned().collect();
    let cause = likely(claimed, estimates, &wrong, &known);
    match cause {
        None | Some(Cause::Local { .. } | Cause::Permuted | Cause::MissingTerm { .. }) => {
            let transposed = linear.is_some_and(|linear| is_transposed(estimates, linear, v));
            if transposed { Some(Cause::Transposed) } else { cause }
        }
        cause => cause,
    }
}

/// Whether the transpose of the claimed map would be right: (Cᵀ v)ⱼ = ⟨C eⱼ, v⟩.
fn is_transposed<T: Scalar>(estimates: &[Estimate], linear: Map<'_, T>, v: &[T]) -> bool {
    // The columns cost a product each; a wide problem is not worth them for a hint.
    const WIDEST: usize = 64;
    let n = v.len();
    // A number is its own transpose.
    if estimates.len() != n || !(2..=WIDEST).contains(&n) {
        return false;
    }
    let v = widen(v);
    let size = crate::scalar::largest(estimates.iter().map(|e| e.value));
    (0..n).all(|j| {
        let column = widen(&linear(&axis::<T>(n, j)));
        let transposed = dot(&column, &v);
        let Estimate { value, error } = estimates[j];
        (transposed - value).abs() <= 1e-3 * size + 4.0 * error
    })
}

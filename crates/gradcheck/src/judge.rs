//! The one place where two numbers are compared.
//!
//! A claim c passes against an estimate e ± δ if |c − e| ≤ τ·max(|c|, |e|) + s·δ, where δ also holds the claim's own
//! rounding. The estimate has to be *worth* the comparison as well: s·δ may not exceed a fraction ρ of the entry's own
//! size, else a wrong claim would pass as easily as a right one. An entry that is not worth it is unresolved.
//!
//! Zero has no size of its own, so it is measured with what the function does along the line, its variation: a
//! derivative is seen to be zero if δ is small beside (largest change of f) / h. The size of f itself would be no
//! measure: beside 10¹², any slope that rounding hides would look like zero.

use crate::cause::Cause;
use crate::check::Check;
use crate::differences::{Estimate, Seen};
use crate::failure::{Failure, Mismatch};
use crate::passed::Passed;
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::largest;
use crate::unresolved::Unresolved;
use crate::verdict::Verdict;

/// τ, s and ρ of the rule above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) tolerance: f64,
    pub(crate) safety: f64,
    pub(crate) resolution: f64,
    /// The smallest normal number: below it there are no digits to compare.
    pub(crate) smallest: f64,
}

/// A claim beside its estimate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) place: Place,
    pub(crate) claimed: f64,
    /// How far the claim moves when the point moves in its last place.
    pub(crate) claim_noise: f64,
    pub(crate) seen: Seen,
}

/// What a comparison that agreed is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// The derivative is far larger than its error.
    Resolved,
    /// It is zero beside what the function does along the line.
    Zero,
    /// It may be anything of the size of its error.
    Unresolved,
}

impl Pair {
    pub(crate) fn estimate(&self) -> Estimate {
        self.seen.estimate
    }

    fn scale(&self) -> f64 {
        self.claimed.abs().max(self.estimate().value.abs())
    }

    /// What a resolution is relative to. Random directions are equally long, so they share a scale: one of them may cancel
    /// by accident.
    fn size(&self, group: f64) -> f64 {
        if matches!(self.place, Place::Direction(_)) { group } else { self.scale() }
    }

    fn error(&self, rule: &Rule) -> f64 {
        rule.safety * (self.estimate().error + self.claim_noise) + rule.smallest
    }

    pub(crate) fn allowed(&self, rule: &Rule) -> f64 {
        // Beside ∞ a tolerance is ∞ too, and everything would be allowed.
        let scale = if self.claimed.is_finite() { self.scale() } else { self.estimate().value.abs() };
        let noise = if self.claim_noise.is_finite() { self.claim_noise } else { 0.0 };
        rule.tolerance * scale + rule.safety * (self.estimate().error + noise) + rule.smallest
    }

    pub(crate) fn agrees(&self, rule: &Rule) -> bool {
        let finite = self.claimed.is_finite() && self.estimate().value.is_finite();
        finite && (self.claimed - self.estimate().value).abs() <= self.allowed(rule)
    }

    fn is_zero(&self, rule: &Rule) -> bool {
        self.claimed.abs() <= rule.safety * self.claim_noise + rule.smallest
    }

    /// Whether the function stands still at the point and has a slope farther out, and the claim is right about one of the two
    /// where the estimate follows the other.
    fn is_on_a_stair(&self, rule: &Rule) -> bool {
        let flat = self.estimate().value.abs() <= rule.safety * self.estimate().error;
        let hidden = flat && self.claimed.abs() <= self.seen.hides;
        self.seen.flat_below.is_some() && self.claimed.is_finite() && (hidden || (!flat && self.is_zero(rule)))
    }

    /// `group` is the size of the largest of the numbers compared.
    fn worth(&self, group: f64, rule: &Rule) -> Worth {
        let error = self.error(rule);
        let size = self.size(group);
        let Seen { variation, still, .. } = self.seen;
        let zero = self.is_zero(rule) && (still || error <= rule.resolution * variation);
        if error <= rule.resolution * size {
            Worth::Resolved
        } else if zero || error <= rule.tolerance * variation {
            Worth::Zero
        } else {
            Worth::Unresolved
        }
    }

    fn mismatch(&self, rule: &Rule) -> Mismatch {
        Mismatch { place: self.place, claimed: self.claimed, expected: self.estimate(), allowed: self.allowed(rule) }
    }

    pub(crate) fn unresolved(&self, rule: &Rule) -> Unresolved {
        Unresolved { place: self.place, claimed: self.claimed, estimate: self.estimate(), allowed: self.allowed(rule) }
    }

    fn noisy(&self) -> Reason {
        let Estimate { value: estimate, error } = self.estimate();
        Reason::Noisy { place: self.place, claimed: self.claimed, estimate, error: error + self.claim_noise }
    }
}

/// Judges numbers that belong together: the entries of one vector.
pub(crate) fn judge(check: Check, pairs: &[Pair], rule: &Rule) -> Verdict {
    if pairs.is_empty() {
        return Verdict::unchecked(check, Reason::Empty);
    }
    let (stairs, wrong): (Vec<&Pair>, Vec<&Pair>) =
        pairs.iter().filter(|pair| !pair.agrees(rule)).partition(|pair| pair.is_on_a_stair(rule));
    if !wrong.is_empty() {
        let mut mismatches: Vec<Mismatch> = wrong.iter().map(|pair| pair.mismatch(rule)).collect();
        mismatches.sort_by(|a, b| b.excess().total_cmp(&a.excess()));
        let finite = wrong.iter().all(|pair| pair.claimed.is_finite());
        let cause = (!finite).then_some(Cause::NotFinite);
        return Verdict::Failed(Box::new(Failure { check, mismatches, compared: pairs.len(), cause, note: None }));
    }
    // On a stair the function stands still, above it the function has a slope: zero is neither right nor wrong.
    if let Some(Pair { place, seen, .. }) = stairs.first() {
        let flat_below = seen.flat_below.unwrap_or(0.0);
        let above = if seen.estimate.value == 0.0 { 0.5 * seen.hides } else { seen.estimate.value };
        let reason = Reason::Staircase { place: *place, flat_below, above };
        return Verdict::unchecked(check, reason);
    }
    let group = largest(pairs.iter().map(Pair::scale));
    let mut passed = Passed { checks: pairs.len(), ..Passed::nothing(check) };
    for pair in pairs {
        let allowed = pair.allowed(rule);
        match pair.worth(group, rule) {
            Worth::Resolved => passed.resolution = passed.resolution.max(allowed / pair.size(group).max(rule.smallest)),
            Worth::Zero => passed.zero_below = Some(passed.zero_below.unwrap_or(0.0).max(allowed)),
            // Not even small beside the others: nothing is known about it at all.
            Worth::Unresolved if pair.error(rule).is_nan() || pair.error(rule) > rule.resolution * group => {
                return Verdict::unchecked(check, pair.noisy());
            }
            Worth::Unresolved => passed.unresolved.push(pair.unresolved(rule)),
        }
        if allowed > 0.0 {
            passed.worst = passed.worst.max((pair.claimed - pair.estimate().value).abs() / allowed);
        }
    }
    Verdict::Passed(passed)
}

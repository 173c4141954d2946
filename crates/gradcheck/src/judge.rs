//! The one place where two numbers are compared.
//!
//! A claim c passes against an estimate e ± δ if |c − e| ≤ τ·max(|c|, |e|) + s·δ, where δ also holds the claim's own
//! rounding. The estimate has to be *worth* the comparison as well: s·δ may not exceed a fraction ρ of the derivative's
//! size, else a wrong claim would pass as easily as a right one, and the verdict is `Unchecked`.

use crate::differences::Estimate;
use crate::failure::{Failure, Mismatch};
use crate::reason::{Place, Reason};
use crate::scalar::largest;
use crate::verdict::{Check, Passed, Verdict};

/// τ, s and ρ of the rule above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) tolerance: f64,
    pub(crate) safety: f64,
    pub(crate) resolution: f64,
    pub(crate) strict: bool,
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
    pub(crate) estimate: Estimate,
}

impl Pair {
    fn scale(&self) -> f64 {
        self.claimed.abs().max(self.estimate.value.abs())
    }

    pub(crate) fn allowed(&self, rule: &Rule) -> f64 {
        rule.tolerance * self.scale() + rule.safety * (self.estimate.error + self.claim_noise) + rule.smallest
    }

    pub(crate) fn agrees(&self, rule: &Rule) -> bool {
        (self.claimed - self.estimate.value).abs() <= self.allowed(rule)
    }
}

/// Judges numbers that share one scale (the entries of one vector). `natural` is the size of derivative that the
/// function's own size suggests: what "zero" is measured with when every claim is zero.
pub(crate) fn judge(check: Check, pairs: &[Pair], natural: f64, rule: &Rule) -> Verdict {
    if pairs.is_empty() {
        return Verdict::unchecked(check, Reason::Empty);
    }
    let mut mismatches: Vec<Mismatch> = pairs
        .iter()
        .filter(|pair| !pair.agrees(rule))
        .map(|pair| Mismatch {
            place: pair.place,
            claimed: pair.claimed,
            expected: pair.estimate,
            allowed: pair.allowed(rule),
        })
        .collect();
    if !mismatches.is_empty() {
        mismatches.sort_by(|a, b| b.excess().total_cmp(&a.excess()));
        return Verdict::Failed(Box::new(Failure {
            check,
            mismatches,
            compared: pairs.len(),
            cause: None,
            note: None,
        }));
    }
    let is_zero = |pair: &Pair| pair.claimed.abs() <= rule.safety * pair.claim_noise + rule.smallest;
    // The ρ of `natural` is τ: "zero" has to mean zero beside what the function could have done.
    let floor = if pairs.iter().all(is_zero) { rule.tolerance * natural } else { 0.0 };
    let admissible = (rule.resolution * largest(pairs.iter().map(Pair::scale))).max(floor);
    let (mut unresolved, mut worst, mut resolution) = (0, 0.0f64, 0.0f64);
    for pair in pairs {
        let error = rule.safety * (pair.estimate.error + pair.claim_noise);
        let resolved = error <= rule.resolution * pair.scale();
        let unusable = error.is_nan() || error > admissible;
        if unusable || (rule.strict && !resolved && !is_zero(pair)) {
            let (claimed, estimate) = (pair.claimed, pair.estimate.value);
            let error = pair.estimate.error + pair.claim_noise;
            return Verdict::unchecked(check, Reason::Noisy { place: pair.place, claimed, estimate, error });
        }
        let allowed = pair.allowed(rule);
        if allowed > 0.0 {
            worst = worst.max((pair.claimed - pair.estimate.value).abs() / allowed);
        }
        if resolved && pair.scale() > 0.0 {
            resolution = resolution.max(allowed / pair.scale());
        } else if !is_zero(pair) {
            unresolved += 1;
        }
    }
    Verdict::Passed(Passed { checks: pairs.len(), unresolved, worst, resolution })
}

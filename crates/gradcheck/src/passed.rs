//! What a passed check has seen, and what it could not see.

use crate::differences::Estimate;
use crate::number::Number;
use crate::reason::Place;
use crate::verdict::Check;
use std::fmt;

/// What a passed check has seen.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Passed {
    /// Which check.
    pub check: Check,
    /// How many numbers were compared.
    pub checks: usize,
    /// Numbers too small to be resolved on their own: they are only known to be small beside the largest entry.
    ///
    /// Empty, unless [`Checker::allow_unresolved`](crate::Checker::allow_unresolved) was called or the vector is longer
    /// than [`Checker::entries`](crate::Checker::entries).
    pub unresolved: Vec<Unresolved>,
    /// Entries whose derivative was claimed to be 0 (or next to it) are known to be below this.
    pub zero_below: Option<f64>,
    /// The largest |claimed − estimate| / allowed, between 0 and 1.
    pub worst: f64,
    /// The coarsest relative allowance that was used for a resolved entry: a mistake smaller than this would have
    /// passed.
    pub resolution: f64,
    /// A remark: what a negative control planted.
    pub note: Option<String>,
}

impl Passed {
    /// A pass that has seen nothing yet. [`Verdict::closed`] lets none of these out.
    pub(crate) const fn nothing(check: Check) -> Self {
        let unresolved = Vec::new();
        Passed { check, checks: 0, unresolved, zero_below: None, worst: 0.0, resolution: 0.0, note: None }
    }

    pub(crate) fn and(mut self, other: Passed) -> Self {
        self.checks += other.checks;
        self.unresolved.extend(other.unresolved);
        self.zero_below = match (self.zero_below, other.zero_below) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
        self.worst = self.worst.max(other.worst);
        self.resolution = self.resolution.max(other.resolution);
        self.note = self.note.or(other.note);
        self
    }
}

impl fmt::Display for Passed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Passed { checks, unresolved, zero_below, worst, resolution, note, .. } = self;
        let plural = if *checks == 1 { "" } else { "s" };
        write!(out, "passed: {checks} comparison{plural}, the worst at {worst:.2} of its tolerance")?;
        if *resolution > 0.0 {
            write!(out, ", relative resolution {resolution:.1e}")?;
        }
        if let Some(below) = zero_below {
            write!(out, "; entries claimed 0 are known to be below {}", Number::short(*below))?;
        }
        if !unresolved.is_empty() {
            write!(out, "; ")?;
            list_unresolved(out, unresolved)?;
        }
        match note {
            Some(note) => write!(out, "; {note}"),
            None => Ok(()),
        }
    }
}

/// A number that agrees with its estimate, which is too coarse to tell it from a wrong one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Unresolved {
    /// Where it is.
    pub place: Place,
    /// The derivative under test.
    pub claimed: f64,
    /// What differences give.
    pub estimate: Estimate,
    /// A mistake of up to this would have passed.
    pub allowed: f64,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Unresolved { place, claimed, allowed, .. } = self;
        let up_to = Number::short(*allowed);
        write!(
            out,
            "{place} could not be resolved: claimed {}, and a mistake of up to {up_to}",
            Number::long(*claimed)
        )?;
        let relative = allowed / claimed.abs();
        if relative < 10.0 {
            write!(out, ", {} % of it,", Number::short(100.0 * relative))?;
        } else if relative.is_finite() {
            write!(out, ", {} times as much,", Number::short(relative))?;
        }
        write!(out, " would have passed")
    }
}

/// How many unresolved entries a message lists before it only counts.
const LISTED: usize = 3;

/// The unresolved entries in words.
pub(crate) fn list_unresolved(out: &mut fmt::Formatter<'_>, unresolved: &[Unresolved]) -> fmt::Result {
    for (i, entry) in unresolved.iter().take(LISTED).enumerate() {
        write!(out, "{}{entry}", if i == 0 { "" } else { "; " })?;
    }
    if unresolved.len() > LISTED {
        write!(out, "; and {} more", unresolved.len() - LISTED)?;
    }
    Ok(())
}

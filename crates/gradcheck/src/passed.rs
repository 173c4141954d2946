//! What a passed check has seen, and what it could not see.

use crate::check::Check;
use crate::number::Number;
use crate::unresolved::{Unresolved, list_unresolved};
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

//! Numbers that agree with estimates too coarse to tell them from wrong ones.

use crate::differences::estimate::Estimate;
use crate::number::Number;
use crate::place::Place;
use std::fmt;

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

//! What a failed check says.
//!
//! The reader is a person who has just been told that their derivative is wrong. So the message names the check, the
//! entry, the two numbers and how well the expected one is known, and if the numbers betray the cause, the cause.

use crate::cause::Cause;
use crate::check::Check;
use crate::differences::Estimate;
use crate::number::{Number, entries};
use crate::place::Place;
use std::fmt;

/// One number that disagrees.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Mismatch {
    /// Where it is.
    pub place: Place,
    /// The derivative under test.
    pub claimed: f64,
    /// What it should be, and how well that is known.
    pub expected: Estimate,
    /// The difference that would have been accepted.
    pub allowed: f64,
}

impl Mismatch {
    /// |claimed − expected| in units of what would have been accepted; infinite for a claim that is NaN.
    pub fn excess(&self) -> f64 {
        let excess = (self.claimed - self.expected.value).abs() / self.allowed;
        if excess.is_nan() { f64::INFINITY } else { excess }
    }
}

/// A check that found a wrong derivative. Its `Display` is the message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure {
    /// Which check.
    pub check: Check,
    /// The numbers that disagree, the worst first.
    pub mismatches: Vec<Mismatch>,
    /// How many numbers were compared.
    pub compared: usize,
    /// What the numbers suggest.
    pub cause: Option<Cause>,
    /// A remark: a wrong length, a slope, where an entry was found.
    pub note: Option<String>,
}

impl Failure {
    pub(crate) fn shape(check: Check, what: &str, expected: usize, got: usize) -> Self {
        Failure {
            check,
            mismatches: Vec::new(),
            compared: 0,
            cause: None,
            note: Some(format!("{what} has {} where {expected} were expected", entries(got))),
        }
    }

    /// `what` is NaN or infinite at entry `i`, and there is no number to compare it with.
    pub(crate) fn not_finite(check: Check, what: &str, i: usize, value: f64) -> Self {
        let note = Some(format!("{what} is {} at entry {i}", Number::long(value)));
        Failure { check, mismatches: Vec::new(), compared: 0, cause: Some(Cause::NotFinite), note }
    }

    /// The worst entry, if the failure is about numbers.
    pub fn worst(&self) -> Option<&Mismatch> {
        self.mismatches.first()
    }
}

/// How many wrong entries a message lists before it only counts.
const LISTED: usize = 4;

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let finding = match self.check {
            Check::Adjoint => "the vjp is not the transpose of the jvp",
            Check::HessianSymmetry => "the Hessian-vector product is not symmetric",
            Check::ThirdSymmetry => "the third derivative is not symmetric",
            Check::Taylor => "a Taylor remainder falls too slowly",
            Check::Control => "the check is blind",
            _ => "wrong",
        };
        write!(out, "{}: {finding}", self.check)?;
        let (wrong, compared) = (self.mismatches.len(), self.compared);
        match self.mismatches.as_slice() {
            [] => {}
            [only] if compared == 1 => write!(out, " at {}", only.place)?,
            [only] => write!(out, " at {} ({wrong} of {compared} compared)", only.place)?,
            [first, ..] => write!(out, " at {} and elsewhere ({wrong} of {compared} compared)", first.place)?,
        }
        for Mismatch { place, claimed, expected, allowed } in self.mismatches.iter().take(LISTED) {
            let off = Number::short((claimed - expected.value).abs());
            let (got, value) = (Number::long(*claimed), Number::long(expected.value));
            let (error, allowed) = (Number::short(expected.error), Number::short(*allowed));
            write!(out, "\n  {place}: got {got}, expected {value} ± {error} (off by {off}, allowed {allowed})")?;
        }
        if self.mismatches.len() > LISTED {
            write!(out, "\n  … and {} more", self.mismatches.len() - LISTED)?;
        }
        if let Some(note) = &self.note {
            write!(out, "\n  {note}")?;
        }
        if let Some(cause) = &self.cause {
            write!(out, "\n  likely cause: {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

//! The three outcomes of a check.
//!
//! Two would be one too few: a check that could not look must not look like one that looked and found nothing.

use crate::check::Check;
use crate::failure::Failure;
use crate::passed::Passed;
use crate::reason::Reason;
use std::fmt;

/// The outcome of a check. It does nothing until it is asked: usually by [`unwrap`](Verdict::unwrap).
///
/// # Example
/// ```
/// let square = |x: &[f64]| x[0] * x[0];
/// let verdict = quadric_gradcheck::gradient(square, |x| vec![2.0 * x[0]], &[3.0]);
/// assert!(verdict.is_passed());
///
/// let abs = |x: &[f64]| x[0].abs();
/// let verdict = quadric_gradcheck::gradient(abs, |x| vec![x[0].signum()], &[0.0]);
/// assert!(verdict.is_unchecked()); // a kink: neither right nor wrong
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a verdict that nobody reads tests nothing: call `.unwrap()`"]
pub enum Verdict {
    /// Every comparison agrees within its tolerance.
    Passed(Passed),
    /// At least one comparison does not.
    Failed(Box<Failure>),
    /// The check could not look.
    Unchecked {
        /// Which check.
        check: Check,
        /// What was in the way.
        reason: Reason,
    },
}

impl Verdict {
    pub(crate) fn unchecked(check: Check, reason: Reason) -> Self {
        Verdict::Unchecked { check, reason }
    }

    /// The last word of every check, and the one place that refuses a pass which says nothing: no comparison at all, or
    /// entries whose mistakes would have passed (unless these are `allowed`).
    pub(crate) fn closed(self, allowed: bool) -> Self {
        match self {
            Verdict::Passed(passed) if passed.checks == 0 => Verdict::unchecked(passed.check, Reason::NothingCompared),
            Verdict::Passed(passed) if !allowed && !passed.unresolved.is_empty() => {
                Verdict::unchecked(passed.check, Reason::Unresolved(passed.unresolved))
            }
            verdict => verdict,
        }
    }

    /// Gives what was seen, or panics with the message on `Failed` **and** on `Unchecked`.
    ///
    /// # Panics
    /// Unless the check passed.
    ///
    /// # Example
    /// ```should_panic
    /// quadric_gradcheck::gradient(|x: &[f64]| x[0] * x[0], |x| vec![x[0]], &[3.0]).unwrap(); // half of 2 x
    /// ```
    #[track_caller]
    pub fn unwrap(self) -> Passed {
        match self {
            Verdict::Passed(passed) => passed,
            other => panic!("{other}"),
        }
    }

    /// True if every comparison agreed.
    pub fn is_passed(&self) -> bool {
        matches!(self, Verdict::Passed(_))
    }

    /// True if a comparison disagreed.
    pub fn is_failed(&self) -> bool {
        matches!(self, Verdict::Failed(_))
    }

    /// True if the check could not look.
    pub fn is_unchecked(&self) -> bool {
        matches!(self, Verdict::Unchecked { .. })
    }

    /// What failed, if something did.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Verdict::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// Why nothing was checked, if so.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Verdict::Unchecked { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// Turns the verdict into a `Result` for tests that use `?`; the error prints the message.
    ///
    /// # Errors
    /// The verdict itself, unless it passed.
    pub fn ok(self) -> Result<Passed, NotPassed> {
        match self {
            Verdict::Passed(passed) => Ok(passed),
            other => Err(NotPassed(Box::new(other))),
        }
    }

    /// Both verdicts in one: a failure outweighs an unchecked, an unchecked outweighs a pass.
    pub fn and(self, other: Verdict) -> Verdict {
        match (self, other) {
            (Verdict::Passed(a), Verdict::Passed(b)) => Verdict::Passed(a.and(b)),
            (failed @ Verdict::Failed(_), _) | (_, failed @ Verdict::Failed(_)) => failed,
            (unchecked @ Verdict::Unchecked { .. }, _) | (_, unchecked) => unchecked,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Passed(passed) => passed.fmt(out),
            Verdict::Failed(failure) => failure.fmt(out),
            Verdict::Unchecked { check, reason } => write!(out, "{check} unchecked: {reason}"),
        }
    }
}

/// A [`Verdict`] that is not `Passed`, as an error.
#[derive(Clone, Debug, PartialEq)]
pub struct NotPassed(Box<Verdict>);

impl NotPassed {
    /// The verdict: `Failed` or `Unchecked`.
    pub fn verdict(&self) -> &Verdict {
        &self.0
    }
}

impl fmt::Display for NotPassed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for NotPassed {}

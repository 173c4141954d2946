//! Negative controls: a test that cannot fail tests nothing.
//!
//! A control plants a mistake in a right derivative and demands that the check fails. Run one beside the real test,
//! and a check that has gone blind (too loose a tolerance, a point at which everything is zero) is found out.

use crate::failure::Failure;
use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, largest, widen};
use crate::verdict::{Check, Passed, Verdict};
use std::cell::Cell;
use std::fmt;

/// A mistake to plant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mistake {
    /// The derivative times −1.
    Sign,
    /// The derivative times 2.
    Doubled,
    /// The derivative times ½.
    Halved,
    /// No derivative.
    Zero,
    /// One entry is off by a tenth of the largest one.
    Entry(usize),
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Sign => write!(out, "a wrong sign"),
            Mistake::Doubled => write!(out, "a factor 2"),
            Mistake::Halved => write!(out, "a factor ½"),
            Mistake::Zero => write!(out, "a derivative of zero"),
            Mistake::Entry(i) => write!(out, "a wrong entry {i}"),
        }
    }
}

/// Puts a [`Mistake`] into a derivative on its way to the check.
#[derive(Debug)]
pub struct Planter {
    mistake: Option<Mistake>,
    changed: Cell<bool>,
}

impl Planter {
    fn new(mistake: Option<Mistake>) -> Self {
        Planter { mistake, changed: Cell::new(false) }
    }

    /// The derivative with the mistake in it; unchanged in the run that has to pass.
    pub fn plant<T: Scalar>(&self, mut derivative: Vec<T>) -> Vec<T> {
        let size = largest(widen(&derivative));
        let before = derivative.clone();
        match self.mistake {
            None => {}
            Some(Mistake::Sign) => derivative.iter_mut().for_each(|d| *d = -*d),
            Some(Mistake::Doubled) => derivative.iter_mut().for_each(|d| *d = *d + *d),
            Some(Mistake::Halved) => derivative.iter_mut().for_each(|d| *d = T::narrow(0.5 * d.widen())),
            Some(Mistake::Zero) => derivative.iter_mut().for_each(|d| *d = T::zero()),
            Some(Mistake::Entry(i)) => {
                if let Some(entry) = derivative.get_mut(i) {
                    let off = if size > 0.0 { 0.1 * size } else { 1.0 };
                    *entry = T::narrow(entry.widen() + off);
                }
            }
        }
        if derivative != before {
            self.changed.set(true);
        }
        derivative
    }
}

/// Runs a check on a right derivative, then with every mistake planted, in each of the first `entries` entries too.
///
/// Passes if the first run passes, every planted run fails, and a planted entry is among those the failure names
/// (where the check names entries). A mistake that changes nothing (the sign of zero) is skipped; if every one
/// is, the verdict is `Unchecked`.
///
/// # Errors
/// `Failed` names the mistake that got through.
///
/// # Example
/// ```
/// use quadric_gradcheck::{control, gradient};
/// let f = |x: &[f64]| x[0] * x[0] * x[1];
/// let grad = |x: &[f64]| vec![2.0 * x[0] * x[1], x[0] * x[0]];
/// control::negative(2, |planter| gradient(f, |x| planter.plant(grad(x)), &[3.0, 2.0])).unwrap();
///
/// // A check that always passes is found out.
/// let blind = control::negative(2, |planter| {
///     planter.plant(vec![1.0, 2.0]);
///     gradient(f, grad, &[3.0, 2.0])
/// });
/// assert!(blind.to_string().contains("a wrong sign was planted"));
/// ```
pub fn negative(entries: usize, check: impl Fn(&Planter) -> Verdict) -> Verdict {
    let clean = check(&Planter::new(None));
    if !clean.is_passed() {
        return clean;
    }
    let mistakes = [Mistake::Sign, Mistake::Doubled, Mistake::Halved, Mistake::Zero];
    let mistakes = mistakes.into_iter().chain((0..entries).map(Mistake::Entry));
    let mut caught = 0;
    for mistake in mistakes {
        let planter = Planter::new(Some(mistake));
        let verdict = check(&planter);
        if !planter.changed.get() {
            continue;
        }
        let named = match (&verdict, mistake) {
            (Verdict::Failed(failure), Mistake::Entry(i)) => {
                let places: Vec<Place> = failure.mismatches.iter().map(|mismatch| mismatch.place).collect();
                places.contains(&Place::Entry(i)) || !places.iter().any(|place| matches!(place, Place::Entry(_)))
            }
            _ => true,
        };
        if !(verdict.is_failed() && named) {
            return Verdict::Failed(Box::new(Failure {
                check: Check::Control,
                mismatches: Vec::new(),
                compared: caught + 1,
                cause: None,
                note: Some(format!("{mistake} was planted, and the check said: {verdict}")),
            }));
        }
        caught += 1;
    }
    if caught == 0 {
        return Verdict::unchecked(Check::Control, Reason::Empty);
    }
    Verdict::Passed(Passed { checks: caught, unresolved: 0, worst: 0.0, resolution: 0.1 })
}

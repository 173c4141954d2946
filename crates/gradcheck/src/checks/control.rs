//! Negative controls: a test that cannot fail tests nothing.
//!
//! A control plants a mistake in a right derivative and demands that the check fails. Run one beside the real test,
//! and a check that has gone blind (too loose a tolerance, a point at which everything is zero) is found out.

use crate::check::Check;
use crate::failure::Failure;
use crate::passed::Passed;
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, largest, widen};
use crate::verdict::Verdict;
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
    /// One entry is off by a tenth of itself; a zero entry by a tenth of the largest one.
    Entry(usize),
    /// A tenth of the last entry is added to the first: this makes a symmetric matrix unsymmetric, which no factor does.
    Lopsided,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mistake::Sign => write!(out, "a wrong sign"),
            Mistake::Doubled => write!(out, "a factor 2"),
            Mistake::Halved => write!(out, "a factor ½"),
            Mistake::Zero => write!(out, "a derivative of zero"),
            Mistake::Entry(i) => write!(out, "a wrong entry {i}"),
            Mistake::Lopsided => write!(out, "a lopsided entry 0"),
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
    ///
    /// Plant in one of the two maps of an [`adjoint`](crate::adjoint()) check: a factor in both leaves them transposes.
    pub fn plant<T: Scalar>(&self, mut derivative: Vec<T>) -> Vec<T> {
        let tenth = |of: T| T::narrow(0.1 * of.widen());
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
                    let off = if !entry.is_zero() {
                        tenth(*entry)
                    } else if size > 0.0 {
                        T::narrow(0.1 * size)
                    } else {
                        T::one()
                    };
                    *entry = *entry + off;
                }
            }
            Some(Mistake::Lopsided) => {
                if let [first, .., last] = derivative.as_mut_slice() {
                    *first = *first + tenth(*last);
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
/// is, the verdict is `Unchecked`. The note of the pass tells how many were planted, caught and skipped.
///
/// A symmetry check cannot see a factor, which leaves the matrix symmetric. It is given [`Mistake::Lopsided`] instead,
/// whatever `entries` is.
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
    let mistakes = match &clean {
        Verdict::Passed(Passed { check: Check::HessianSymmetry | Check::ThirdSymmetry, .. }) => {
            vec![Mistake::Lopsided]
        }
        _ => {
            let everywhere = [Mistake::Sign, Mistake::Doubled, Mistake::Halved, Mistake::Zero];
            everywhere.into_iter().chain((0..entries).map(Mistake::Entry)).collect()
        }
    };
    run(clean, &mistakes, &check)
}

/// [`negative`] with mistakes of your choice.
///
/// # Errors
/// As [`negative`].
///
/// # Example
/// ```
/// use quadric_gradcheck::control::{self, Mistake};
/// let hvp = |_: &[f64], v: &[f64]| vec![2.0 * v[0] + v[1], v[0] + 3.0 * v[1]];
/// let (x, u, v) = ([1.0, 1.0], [1.0, 0.3], [0.2, 1.0]);
/// let check = |planter: &control::Planter| {
///     quadric_gradcheck::hessian_symmetry(|x, v| planter.plant(hvp(x, v)), &x, &u, &v)
/// };
/// control::negative_with(&[Mistake::Entry(0), Mistake::Lopsided], check).unwrap();
/// ```
pub fn negative_with(mistakes: &[Mistake], check: impl Fn(&Planter) -> Verdict) -> Verdict {
    run(check(&Planter::new(None)), mistakes, &check)
}

fn run(clean: Verdict, mistakes: &[Mistake], check: &dyn Fn(&Planter) -> Verdict) -> Verdict {
    let Verdict::Passed(clean) = clean else {
        return clean;
    };
    let mut caught = 0;
    for &mistake in mistakes {
        let planter = Planter::new(Some(mistake));
        let verdict = check(&planter);
        if !planter.changed.get() {
            continue;
        }
        if !(verdict.is_failed() && names(clean.check, &verdict, mistake)) {
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
        return Verdict::unchecked(Check::Control, Reason::NothingCompared);
    }
    let skipped = mistakes.len() - caught;
    let mut note = format!("{caught} mistakes planted and caught");
    if skipped > 0 {
        note += &format!(", {skipped} skipped because they change nothing");
    }
    Verdict::Passed(Passed { checks: caught, resolution: 0.1, note: Some(note), ..Passed::nothing(Check::Control) })
}

/// Whether a failure names the entry that is wrong, where the check knows entries.
fn names(check: Check, verdict: &Verdict, mistake: Mistake) -> bool {
    let (Some(failure), Mistake::Entry(i)) = (verdict.failure(), mistake) else {
        return true;
    };
    let mut places = failure.mismatches.iter().map(|mismatch| mismatch.place);
    match check {
        Check::Gradient | Check::Vjp | Check::Jvp | Check::Hvp => places.any(|place| place == Place::Entry(i)),
        // A long H v is compared along random directions only, and these name no entry.
        Check::HvpFromValue | Check::Third => {
            places.any(|place| place == Place::Entry(i) || !matches!(place, Place::Entry(_)))
        }
        _ => true,
    }
}

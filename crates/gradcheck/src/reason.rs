//! Why a check could not be made.
//!
//! Differences are blind at a kink, outside the domain and under noise. A check that meets one of these has not
//! passed, and it has not failed: it says where it stands and what to do about it.

use crate::number::{Number, entries};
use crate::place::Place;
use crate::unresolved::{Unresolved, list_unresolved};
use std::fmt;

/// Why a derivative is [`Unchecked`](crate::Verdict::Unchecked), or has no [`Estimate`](crate::differences::Estimate).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The one-sided derivatives differ at the point, down to the shortest step used.
    Kink {
        /// Which entry.
        place: Place,
        /// The derivative from the left (backwards along the direction), at the shortest step used.
        left: f64,
        /// The derivative from the right.
        right: f64,
        /// The shortest step used: a kink beside the point, but closer than this, looks the same.
        step: f64,
    },
    /// The function jumps at the point: it has no derivative there.
    Jump {
        /// Which entry.
        place: Place,
        /// The value just left of the point.
        left: f64,
        /// The value just right of the point.
        right: f64,
    },
    /// The function is NaN or infinite at the point, or at every step around it.
    NonFinite {
        /// Which entry.
        place: Place,
        /// At the point itself, or only beside it.
        at_point: bool,
        /// The shortest step tried; 0 at the point itself.
        step: f64,
    },
    /// The error of the estimate is too large to tell a right derivative from a wrong one.
    Noisy {
        /// Which entry.
        place: Place,
        /// The derivative under test.
        claimed: f64,
        /// The estimate.
        estimate: f64,
        /// The error of the estimate.
        error: f64,
    },
    /// Some entries agree, but so would wrong ones: their size is lost in the rounding of the others.
    Unresolved(Vec<Unresolved>),
    /// The function is a staircase: it stands still at short steps and has a slope at long ones, as if computed with
    /// fewer digits than its type has. A claimed zero is right on the stair and wrong above it.
    Staircase {
        /// Which entry.
        place: Place,
        /// Up to this step the function stands still.
        flat_below: f64,
        /// The slope at longer steps.
        above: f64,
    },
    /// The derivative along a direction is not the sum of those along the axes, which all agree with what was claimed: the
    /// function has no gradient here (x³ / (x² + y²) at 0).
    NotLinear {
        /// The direction.
        place: Place,
        /// ⟨gradient, direction⟩.
        sum: f64,
        /// The derivative along it.
        along: f64,
    },
    /// Two calls at the same point gave different values.
    NotDeterministic,
    /// The function gives vectors of different lengths at different points.
    LengthChanges,
    /// The direction is zero: every derivative along it is zero.
    ZeroDirection,
    /// The directions are parallel: every map is symmetric along a single direction.
    ParallelDirections,
    /// An argument of the check is NaN or infinite.
    InputNotFinite {
        /// Which argument.
        what: &'static str,
        /// Its first entry that is not finite.
        entry: usize,
    },
    /// Not one number was compared.
    NothingCompared,
    /// There is nothing to compare: no inputs or no outputs.
    Empty,
    /// A slice has the wrong length.
    Shape {
        /// Which slice.
        what: &'static str,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        got: usize,
    },
    /// A Taylor remainder followed no power of h in the range above rounding.
    NotAsymptotic {
        /// The slope that was expected.
        expected: f64,
        /// The slope that was seen, if any.
        slope: Option<f64>,
    },
}

impl Reason {
    /// The same reason, with its place renamed: a line's only entry is the caller's `i`-th coordinate.
    pub(crate) fn at(mut self, new: Place) -> Self {
        if let Reason::Kink { place, .. }
        | Reason::Jump { place, .. }
        | Reason::NonFinite { place, .. }
        | Reason::Staircase { place, .. }
        | Reason::Noisy { place, .. } = &mut self
        {
            *place = new;
        }
        self
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Kink { place, left, right, step } => write!(
                out,
                "kink at {place}: the derivative is {} from the left and {} from the right, and the \
                 gap stays down to steps of {}. Differences cannot say what the derivative should be here; \
                 check a point beside the kink, and state the convention at the kink in a test of its own",
                Number::long(*left),
                Number::long(*right),
                Number::short(*step)
            ),
            Reason::Jump { place, left, right } => write!(
                out,
                "jump at {place}: the function is {} just left of the point and {} just right of it, \
                 and has no derivative there; check a point beside the jump",
                Number::long(*left),
                Number::long(*right)
            ),
            Reason::NonFinite { place, at_point: true, .. } => {
                write!(out, "the function is NaN or infinite at the point itself, at {place}")
            }
            Reason::NonFinite { place, at_point: false, step } => write!(
                out,
                "the function is NaN or infinite on one side of the point, at {place}, down to steps of {}; \
                 check a point inside the domain",
                Number::short(*step)
            ),
            Reason::Noisy { place, claimed, estimate, error } => write!(
                out,
                "too noisy at {place}: claimed {}, differences give {} ± {}, which \
                 cannot tell right from wrong. Either the function jumps or loses digits here, or the derivative is \
                 too small beside the function's value; check another point, use f64, or subtract the constant part",
                Number::long(*claimed),
                Number::long(*estimate),
                Number::short(*error)
            ),
            Reason::Unresolved(unresolved) => {
                list_unresolved(out, unresolved)?;
                write!(
                    out,
                    ". The derivative is lost in the rounding of larger ones; bring the inputs to one scale, use f64, \
                     or accept it with `Checker::allow_unresolved`"
                )
            }
            Reason::Staircase { place, flat_below, above } => write!(
                out,
                "staircase at {place}: at steps below {} the function stands still, at longer ones its slope is about {}. \
                 If it is computed with fewer digits than its type has, say so with `Checker::precision`; if it is \
                 a staircase by design, its derivative is 0 and differences cannot see it",
                Number::short(*flat_below),
                Number::long(*above)
            ),
            Reason::NotLinear { place, sum, along } => write!(
                out,
                "every entry agrees, but along {place} the derivative is {} where the entries add up to {}: the function \
                 is not linear near the point, so it has no gradient there; check another point",
                Number::long(*along),
                Number::long(*sum)
            ),
            Reason::NotDeterministic => {
                write!(out, "two calls at the same point differ; fix the seed of any randomness inside the function")
            }
            Reason::LengthChanges => write!(out, "the function gives vectors of different lengths at different points"),
            Reason::ZeroDirection => {
                write!(out, "the direction is zero, so every derivative along it is zero, right or wrong")
            }
            Reason::ParallelDirections => write!(
                out,
                "the directions are parallel, and along a single direction every matrix is symmetric; use \
                 directions that are not multiples of each other"
            ),
            Reason::InputNotFinite { what, entry } => write!(out, "{what} is NaN or infinite at entry {entry}"),
            Reason::NothingCompared => write!(out, "not one number was compared"),
            Reason::Empty => write!(out, "no inputs or no outputs, so there is nothing to compare"),
            Reason::Shape { what, expected, got } => {
                write!(out, "{what} has {} where {expected} were expected", entries(*got))
            }
            Reason::NotAsymptotic { expected, slope: Some(slope) } => write!(
                out,
                "the Taylor remainder falls with slope {slope:.2} where {expected} was expected, and {slope:.2} is no \
                 order of a missing term either: badly scaled, or not smooth enough here"
            ),
            Reason::NotAsymptotic { expected, slope: None } => write!(
                out,
                "fewer than three Taylor remainders rise above rounding, no slope to compare with {expected}"
            ),
        }
    }
}

impl std::error::Error for Reason {}

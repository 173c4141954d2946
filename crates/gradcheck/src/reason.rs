//! Why a check could not be made.
//!
//! Differences are blind at a kink, outside the domain and under noise. A check that meets one of these has not
//! passed, and it has not failed: it says where it stands and what to do about it.

use crate::number::Number;
use std::fmt;

/// Which number a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// The only number there is.
    Scalar,
    /// An entry of a vector, from 0.
    Entry(usize),
    /// An entry of a matrix: row (output), column (input).
    Pair(usize, usize),
    /// A derivative along one of the check's own random directions, from 0.
    Direction(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Scalar => write!(out, "the value"),
            Place::Entry(i) => write!(out, "entry {i}"),
            Place::Pair(i, j) => write!(out, "entry ({i}, {j})"),
            Place::Direction(k) => write!(out, "random direction {k}"),
        }
    }
}

/// Why a derivative is [`Unchecked`](crate::Verdict::Unchecked), or has no [`Estimate`](crate::differences::Estimate).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The one-sided derivatives differ at the point, however short the step.
    Kink {
        /// Which entry.
        place: Place,
        /// The derivative from the left (backwards along the direction), at the shortest step used.
        left: f64,
        /// The derivative from the right.
        right: f64,
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
    /// Two calls at the same point gave different values.
    NotDeterministic,
    /// The direction is zero (or not finite): every derivative along it is zero.
    ZeroDirection,
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
            Reason::Kink { place, left, right } => write!(
                out,
                "kink at {place}: the derivative is {} from the left and {} from the right, and the \
                 gap stays however short the step. Differences cannot say what the derivative should be here; \
                 check a point beside the kink, and state the convention at the kink in a test of its own",
                Number::long(*left),
                Number::long(*right)
            ),
            Reason::Jump { place, left, right } => write!(
                out,
                "jump at {place}: the function is {} just left of the point and {} just right of it, \
                 and has no derivative there; check a point beside the jump",
                Number::long(*left),
                Number::long(*right)
            ),
            Reason::NonFinite { place, at_point: true } => {
                write!(out, "the function is NaN or infinite at the point itself, at {place}")
            }
            Reason::NonFinite { place, at_point: false } => write!(
                out,
                "the function is NaN or infinite on one side of the point, at {place}, however short the step; \
                 check a point inside the domain"
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
            Reason::NotDeterministic => {
                write!(out, "two calls at the same point differ; fix the seed of any randomness inside the function")
            }
            Reason::ZeroDirection => {
                write!(out, "the direction is zero or not finite, so every derivative along it is zero, right or wrong")
            }
            Reason::Empty => write!(out, "no inputs or no outputs, so there is nothing to compare"),
            Reason::Shape { what, expected, got } => {
                write!(out, "{what} has {got} entries where {expected} were expected")
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

//! Where a number stands in what was checked.

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
    /// A derivative of this order along v, in a Taylor polynomial.
    Order(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Scalar => write!(out, "the value"),
            Place::Entry(i) => write!(out, "entry {i}"),
            Place::Pair(i, j) => write!(out, "entry ({i}, {j})"),
            Place::Direction(k) => write!(out, "random direction {k}"),
            Place::Order(k) => write!(out, "the derivative of order {k} along v"),
        }
    }
}

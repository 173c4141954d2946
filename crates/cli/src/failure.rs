//! How a run can fail, and the exit code of each way.

use std::fmt::Display;

/// Why the program ends early.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 2: the user's input; nothing was written.
    Input(String),
    /// Exit code 1: something else.
    Other(String),
}

impl Failure {
    /// The user's input is at fault.
    pub fn input(e: impl Display) -> Failure {
        Failure::Input(e.to_string())
    }
}

macro_rules! from {
    ($($t:ty),*) => { $( impl From<$t> for Failure {
        fn from(e: $t) -> Failure {
            Failure::Other(e.to_string())
        }
    } )* };
}
from!(quadric::Error, quadric::curvature::Error, quadric::nn::data::DataError);

//! What the list needs of a primitive that is an [`AnyPrimitive`] by its own hand.

use super::parameters::Parameters;
use super::sample::Sample;
use crate::tape::AnyPrimitive;

/// A primitive of any number of operands, or with bodies.
pub trait Variadic: Parameters + AnyPrimitive {
    /// The name in the text form.
    const NAME: &'static str;

    /// The cases every test runs it on; one with bodies has none, and is tested by traced programs.
    fn samples() -> Vec<Sample> {
        Vec::new()
    }
}

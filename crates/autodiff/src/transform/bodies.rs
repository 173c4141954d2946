//! The transforms on the bodies of structured equations: the same freeze holds inside.

use super::jvp::forward;
use super::{Freeze, Reverse};
use crate::error::Error;
use crate::tape::{DifferentiateBodies, Tape};

/// A transform of a body with respect to the inputs that are flagged.
type OfBody<'a> = dyn Fn(&Tape, &[bool]) -> Result<Reverse, Error> + 'a;

/// What a transform under way does with the bodies that it meets.
pub(super) struct Bodies<'a> {
    pub(super) freeze: Option<&'a Freeze>,
    /// Reverse mode of a body, with the same freeze: a sweep of its own, or part of the one under way.
    pub(super) reverse: &'a OfBody<'a>,
}

impl DifferentiateBodies for Bodies<'_> {
    fn jvp(&self, body: &Tape, wanted: &[bool]) -> Result<Tape, Error> {
        Ok(forward(body, wanted, self.freeze)?.tape)
    }

    fn vjp(&self, body: &Tape, wanted: &[bool]) -> Result<Tape, Error> {
        let reverse = (self.reverse)(body, wanted)?;
        let outputs = body.outputs().len()..reverse.tape.outputs().len();
        Ok(reverse.tape.with_outputs(outputs))
    }
}

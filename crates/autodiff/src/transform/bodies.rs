//! The transforms on the bodies of structured equations: the same freeze holds inside.

use super::Freeze;
use super::jvp::forward;
use crate::error::Error;
use crate::ops::Ops;
use crate::tape::{Builder, Derived, DifferentiateBodies, Tape, Value};

/// Reverse mode of a body: with respect to the inputs flagged first, from the outputs flagged second.
///
/// The last flag says that the tape is no body, but runs of it.
type OfBody<'a> = dyn Fn(&Tape, &[bool], &[bool], bool) -> Result<Walked, Error> + 'a;

/// What a transform under way does with the bodies that it meets.
pub(super) struct Bodies<'a> {
    pub(super) freeze: Option<&'a Freeze>,
    /// Reverse mode of a body, with the same freeze: a sweep of its own, or part of the one under way.
    pub(super) reverse: &'a OfBody<'a>,
}

impl DifferentiateBodies for Bodies<'_> {
    fn jvp(&self, body: &Tape, wanted: &[bool]) -> Result<Derived, Error> {
        let walked = forward(body, wanted, self.freeze)?;
        let outputs = [walked.values.clone(), walked.there()].concat();
        Ok(walked.derived(outputs))
    }

    fn vjp(&self, body: &Tape, wanted: &[bool], seeded: &[bool]) -> Result<Derived, Error> {
        let walked = (self.reverse)(body, wanted, seeded, false)?;
        let outputs = walked.there();
        Ok(walked.derived(outputs))
    }

    fn vjp_of_steps(&self, steps: &Tape, wanted: &[bool], seeded: &[bool]) -> Result<Derived, Error> {
        let walked = (self.reverse)(steps, wanted, seeded, true)?;
        let outputs = walked.there();
        Ok(walked.derived(outputs))
    }
}

/// What a walk has written, before it is settled what of it is returned.
pub(super) struct Walked {
    pub(super) builder: Builder,
    /// The outputs of the tape.
    pub(super) values: Vec<Value>,
    /// The tangent of every output, or the cotangent of every input: absent means zero.
    pub(super) derivatives: Vec<Option<Value>>,
}

impl Walked {
    fn there(&self) -> Vec<Value> {
        self.derivatives.iter().flatten().copied().collect()
    }

    fn derived(self, outputs: Vec<Value>) -> Derived {
        let present = self.derivatives.iter().map(Option::is_some).collect();
        Derived { tape: self.builder.finish_live(outputs), present }
    }

    /// The values and then the derivatives of the `chosen` outputs or inputs, where an absent one is an array of zeros:
    /// nothing is left to be multiplied with it.
    pub(super) fn filled<'a>(self, tape: &Tape, chosen: impl Iterator<Item = (usize, &'a Value)>) -> Tape {
        let Walked { builder: mut b, values: mut outputs, derivatives } = self;
        b.set_label(Default::default());
        for (i, v) in chosen {
            outputs.push(derivatives[i].unwrap_or_else(|| b.full(tape.type_of(*v), 0.0)));
        }
        b.finish_live(outputs)
    }
}

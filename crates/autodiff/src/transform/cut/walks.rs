//! The walks that find out what descends from a cut, and what it descends from.
//!
//! Forward: does the value descend from the cut? Does it depend on a parameter past the cut? Backward: does the cut
//! descend from it? Both enter the bodies of `checkpoint` and `scan`, input by input and output by output; a loop's state
//! carries its flags into the next step until they are settled, so a cut inside a loop is a cut in every step.

use crate::ops::Cut;
use crate::tape::{Equation, Kernel, Kind, Tape, Value};

/// What the walks know of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Flags {
    /// Descends from the cut.
    pub(super) behind: bool,
    /// Depends on a differentiated input by a way that does not pass the cut.
    pub(super) raw: bool,
    /// The cut descends from it.
    pub(super) ahead: bool,
}

/// Whether an output descends from the cut.
pub(in crate::transform) fn leads_to_an_output(tape: &Tape, name: &str) -> bool {
    let flags = forward(tape, name, &vec![Flags::default(); tape.inputs().len()]);
    tape.outputs().iter().any(|v| flags[v.index()].behind)
}

pub(super) fn of(flags: &[Flags], values: &[Value]) -> Vec<Flags> {
    values.iter().map(|v| flags[v.index()]).collect()
}

/// The flags of every value.
pub(super) fn flags(tape: &Tape, name: &str, inputs: &[Flags], outputs: &[bool]) -> Vec<Flags> {
    let mut flags = forward(tape, name, inputs);
    for (flags, ahead) in flags.iter_mut().zip(backward(tape, name, outputs)) {
        flags.ahead = ahead;
    }
    flags
}

/// `behind` and `raw` of every value, given those of the inputs.
fn forward(tape: &Tape, name: &str, inputs: &[Flags]) -> Vec<Flags> {
    let mut flags = vec![Flags::default(); tape.value_count()];
    for (v, given) in tape.inputs().iter().zip(inputs) {
        flags[v.index()] = *given;
    }
    for e in tape.equations() {
        let given = of(&flags, &e.inputs);
        let outputs = if let Some(body) = body(e) {
            through_body(e, body, name, &given).1
        } else {
            let cut = is_cut(e, name);
            // What no derivative passes (a stop, a comparison) hands on neither.
            let passes = e.op.kind() != Kind::Constant;
            let behind = cut || holds_cut(e, name) || passes && given.iter().any(|f| f.behind);
            let raw = !cut && passes && given.iter().any(|f| f.raw);
            vec![Flags { behind, raw, ahead: false }; e.outputs.len()]
        };
        for (v, out) in e.outputs.iter().zip(outputs) {
            flags[v.index()] = Flags { raw: out.raw && tape.type_of(*v).dtype.is_float(), ..out };
        }
    }
    flags
}

/// What the body's inputs are flagged with once the states are settled, and its outputs.
pub(super) fn through_body(e: &Equation, body: &Tape, name: &str, given: &[Flags]) -> (Vec<Flags>, Vec<Flags>) {
    let mut inputs = given.to_vec();
    loop {
        let inner = forward(body, name, &inputs);
        let outputs = of(&inner, body.outputs());
        let before = inputs.clone();
        for (i, o) in states(e) {
            inputs[i].behind |= outputs[o].behind;
            inputs[i].raw |= outputs[o].raw;
        }
        if inputs == before {
            return (inputs, outputs);
        }
    }
}

/// Whether the cut descends from it, for every value, given which outputs it descends from further on.
fn backward(tape: &Tape, name: &str, outputs: &[bool]) -> Vec<bool> {
    let mut ahead = vec![false; tape.value_count()];
    for (v, given) in tape.outputs().iter().zip(outputs) {
        ahead[v.index()] |= given;
    }
    for e in tape.equations().iter().rev() {
        let given: Vec<bool> = e.outputs.iter().map(|v| ahead[v.index()]).collect();
        let inputs = match body(e) {
            Some(body) => back_through_body(e, body, name, &given).1,
            None => vec![is_cut(e, name) || holds_cut(e, name) || given.contains(&true); e.inputs.len()],
        };
        for (v, flag) in e.inputs.iter().zip(inputs) {
            ahead[v.index()] |= flag;
        }
    }
    ahead
}

/// Whether the cut descends from the body's outputs, once the states are settled, and from its inputs.
pub(super) fn back_through_body(e: &Equation, body: &Tape, name: &str, given: &[bool]) -> (Vec<bool>, Vec<bool>) {
    let mut outputs = given.to_vec();
    loop {
        let inner = backward(body, name, &outputs);
        let inputs: Vec<bool> = body.inputs().iter().map(|v| inner[v.index()]).collect();
        let before = outputs.clone();
        for (i, o) in states(e) {
            outputs[o] |= inputs[i];
        }
        if outputs == before {
            return (outputs, inputs);
        }
    }
}

/// The body whose equations are differentiated one by one.
pub(super) fn body(e: &Equation) -> Option<&Tape> {
    (e.op.kind() == Kind::Structured).then(|| &*e.bodies[0])
}

/// A loop's states: which input of the body each is, and which output.
fn states(e: &Equation) -> impl Iterator<Item = (usize, usize)> {
    let (constants, states) = match e.op.kernel() {
        Kernel::Scan { constants, states, .. } => (constants, states),
        _ => (0, 0),
    };
    (0..states).map(move |i| (constants + i, i))
}

fn is_cut(e: &Equation, name: &str) -> bool {
    e.op.downcast::<Cut>().is_some_and(|c| c.name == name)
}

/// Whether the cut lies inside a function whose derivative is declared as a whole.
pub(super) fn holds_cut(e: &Equation, name: &str) -> bool {
    let mut found = false;
    if body(e).is_none() {
        e.bodies.iter().for_each(|b| b.for_each_equation(&mut |e| found |= is_cut(e, name)));
    }
    found
}

//! What depends on chosen inputs in a way that a derivative passes.
//!
//! What follows a stop or a comparison does not. Bodies are entered, operand by operand; a loop's states carry what reaches
//! them into the next step until nothing changes.

use super::{Kernel, Kind, Tape};

/// One flag a value: whether it is a float that depends on the flagged inputs by equations that have a derivative.
pub(crate) fn active(tape: &Tape, inputs: &[bool]) -> Vec<bool> {
    let mut active = vec![false; tape.value_count()];
    for (v, flag) in tape.inputs().iter().zip(inputs) {
        active[v.index()] = *flag;
    }
    for e in tape.equations() {
        let given: Vec<bool> = e.inputs.iter().map(|v| active[v.index()]).collect();
        if !given.contains(&true) {
            continue;
        }
        let outputs = match e.op.kind() {
            Kind::Constant => vec![false; e.outputs.len()],
            Kind::Structured => active_through(&e.op.kernel(), &e.bodies[0], &given).1,
            _ => vec![true; e.outputs.len()],
        };
        for (v, flag) in e.outputs.iter().zip(outputs) {
            active[v.index()] = flag && tape.type_of(*v).dtype.is_float();
        }
    }
    active
}

/// The same for the body of a structured equation with this kernel: which inputs of the body are active once the states of
/// a loop are settled, and which outputs.
pub(crate) fn active_through(kernel: &Kernel, body: &Tape, given: &[bool]) -> (Vec<bool>, Vec<bool>) {
    let (constants, states) = match kernel {
        Kernel::Scan { constants, states, .. } => (*constants, *states),
        _ => (0, 0),
    };
    let mut inputs = given.to_vec();
    loop {
        let inner = active(body, &inputs);
        let outputs: Vec<bool> = body.outputs().iter().map(|v| inner[v.index()]).collect();
        let before = inputs.clone();
        for (input, output) in inputs[constants..].iter_mut().zip(&outputs[..states]) {
            *input |= output;
        }
        if inputs == before {
            return (inputs, outputs);
        }
    }
}

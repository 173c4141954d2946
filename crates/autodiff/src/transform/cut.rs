//! On which side of each cut an equation lies.
//!
//! A cut is a value with a name. What it descends from is the model, what descends from it is the loss. Two walks over
//! the tape settle it: forward (does the value descend from the cut? does it depend on a parameter past the cut?) and
//! backward (does the cut descend from it?). Both enter the bodies of `checkpoint` and `scan`, input by input and output
//! by output; a loop's state carries its flags into the next step until they are settled, so a cut inside a loop is a
//! cut in every step, and a state that leads from one step's cut to the next one's lies on both sides.

use std::collections::BTreeSet;

use crate::ops::{Cut, Side};
use crate::tape::{Class, Equation, Kernel, Kind, Tape, Value};

/// What the walks know of one value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flags {
    /// Descends from the cut.
    behind: bool,
    /// Depends on a differentiated input by a way that does not pass the cut.
    raw: bool,
    /// The cut descends from it.
    ahead: bool,
}

/// The sides of every equation of one tape, for every cut.
#[derive(Clone, Debug, Default)]
pub(super) struct Sides {
    equations: Vec<Vec<(String, Side)>>,
    /// Of the bodies of structured equations.
    bodies: Vec<Option<Sides>>,
}

impl Sides {
    /// The sides in `tape`, differentiated with respect to the flagged inputs.
    pub(super) fn of(tape: &Tape, wrt: &[bool]) -> Sides {
        let mut names = BTreeSet::new();
        tape.for_each_equation(&mut |e| {
            if let Some(cut) = e.op.downcast::<Cut>() {
                names.insert(cut.name.clone());
            }
        });
        let inputs: Vec<Flags> = wrt.iter().map(|raw| Flags { raw: *raw, ..Flags::default() }).collect();
        let outputs = vec![false; tape.outputs().len()];
        Sides::walk(tape, &names.into_iter().map(|name| (name, inputs.clone(), outputs.clone())).collect::<Vec<_>>())
    }

    /// The sides of equation `i`.
    pub(super) fn of_equation(&self, i: usize) -> Vec<(String, Side)> {
        self.equations[i].clone()
    }

    /// The sides inside the first body of equation `i`.
    pub(super) fn of_body(&self, i: usize) -> Sides {
        self.bodies[i].clone().unwrap_or_default()
    }

    /// For each name: what is known of the inputs, and which outputs the cut descends from further on.
    fn walk(tape: &Tape, seeds: &[(String, Vec<Flags>, Vec<bool>)]) -> Sides {
        let flags: Vec<(&str, Vec<Flags>)> =
            seeds.iter().map(|(name, inputs, outputs)| (name.as_str(), flags(tape, name, inputs, outputs))).collect();
        let equations = tape.equations().iter();
        Sides {
            equations: equations
                .clone()
                .map(|e| flags.iter().map(|(name, f)| (name.to_string(), side(e, name, f))).collect())
                .collect(),
            bodies: equations
                .map(|e| {
                    let body = body(e)?;
                    let seeds: Vec<_> = flags
                        .iter()
                        .map(|(name, f)| {
                            let (inputs, _) = through_body(e, body, name, &of(f, &e.inputs));
                            let ahead: Vec<bool> = e.outputs.iter().map(|v| f[v.index()].ahead).collect();
                            (name.to_string(), inputs, back_through_body(e, body, name, &ahead).0)
                        })
                        .collect();
                    Some(Sides::walk(body, &seeds))
                })
                .collect(),
        }
    }
}

/// Whether an output descends from the cut.
pub(super) fn leads_to_an_output(tape: &Tape, name: &str) -> bool {
    let flags = forward(tape, name, &vec![Flags::default(); tape.inputs().len()]);
    tape.outputs().iter().any(|v| flags[v.index()].behind)
}

fn of(flags: &[Flags], values: &[Value]) -> Vec<Flags> {
    values.iter().map(|v| flags[v.index()]).collect()
}

/// The flags of every value.
fn flags(tape: &Tape, name: &str, inputs: &[Flags], outputs: &[bool]) -> Vec<Flags> {
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
fn through_body(e: &Equation, body: &Tape, name: &str, given: &[Flags]) -> (Vec<Flags>, Vec<Flags>) {
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
fn back_through_body(e: &Equation, body: &Tape, name: &str, given: &[bool]) -> (Vec<bool>, Vec<bool>) {
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
fn body(e: &Equation) -> Option<&Tape> {
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
fn holds_cut(e: &Equation, name: &str) -> bool {
    let mut found = false;
    if body(e).is_none() {
        e.bodies.iter().for_each(|b| b.for_each_equation(&mut |e| found |= is_cut(e, name)));
    }
    found
}

fn side(e: &Equation, name: &str, flags: &[Flags]) -> Side {
    let behind = e.inputs.iter().any(|v| flags[v.index()].behind);
    let ahead = e.outputs.iter().any(|v| flags[v.index()].ahead);
    match (behind, ahead) {
        _ if holds_cut(e, name) => Side::Both,
        (true, true) => Side::Both,
        (true, false) if reads_past(e, flags) => Side::Mixed,
        (true, false) => Side::Loss,
        (false, true) => Side::Model,
        (false, false) => Side::Aside,
    }
}

/// Whether the equation bends in what comes from the cut and in what comes past it at once. A product with a constant
/// does not, nor does a sum of the loss and a penalty.
fn reads_past(e: &Equation, flags: &[Flags]) -> bool {
    let inputs = of(flags, &e.inputs);
    let raw = inputs.iter().any(|f| f.raw);
    match e.class() {
        Class::Linear => false,
        Class::Multilinear => raw && inputs.iter().filter(|f| f.raw || f.behind).count() > 1,
        Class::Nonlinear => raw,
    }
}

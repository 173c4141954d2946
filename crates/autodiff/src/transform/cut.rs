//! On which side of each cut an equation lies.
//!
//! A cut is a value with a name. What it descends from is the model, what descends from it is the loss. Two walks over
//! the tape settle it: forward (does the equation descend from the cut? does it read a parameter past the cut?) and
//! backward (does the cut descend from it?). Bodies of structured equations are walked with the flags of the equation
//! that holds them.

use std::collections::BTreeSet;

use crate::ops::{Cut, Side};
use crate::tape::{Class, Equation, Tape};

/// What one cut's walks know of every value of one tape.
#[derive(Clone, Debug)]
struct Flags {
    name: String,
    /// Descends from the cut.
    behind: Vec<bool>,
    /// Depends on a differentiated input by a way that does not pass the cut.
    raw: Vec<bool>,
    /// The cut descends from it.
    ahead: Vec<bool>,
}

/// The sides of every equation of one tape, for every cut.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    equations: Vec<Vec<(String, Side)>>,
    bodies: Vec<Vec<Sides>>,
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
        let seeds: Vec<Seed> = names
            .into_iter()
            .map(|name| Seed {
                name,
                behind: vec![false; wrt.len()],
                raw: wrt.to_vec(),
                ahead: vec![false; tape.outputs().len()],
            })
            .collect();
        Sides::walk(tape, &seeds)
    }

    /// The sides of equation `i`.
    pub(super) fn of_equation(&self, i: usize) -> Vec<(String, Side)> {
        self.equations[i].clone()
    }

    /// The sides inside the first body of equation `i`.
    pub(super) fn of_body(&self, i: usize) -> Sides {
        self.bodies[i].first().cloned().unwrap_or(Sides { equations: vec![], bodies: vec![] })
    }

    fn walk(tape: &Tape, seeds: &[Seed]) -> Sides {
        let flags: Vec<Flags> = seeds.iter().map(|seed| flags(tape, seed)).collect();
        let equations =
            tape.equations().iter().map(|e| flags.iter().map(|f| (f.name.clone(), side(e, f))).collect()).collect();
        let bodies = tape
            .equations()
            .iter()
            .map(|e| {
                let seeds: Vec<Seed> = flags
                    .iter()
                    .map(|f| Seed {
                        name: f.name.clone(),
                        behind: e.inputs.iter().map(|v| f.behind[v.index()]).collect(),
                        raw: e.inputs.iter().map(|v| f.raw[v.index()]).collect(),
                        ahead: e.outputs.iter().map(|v| f.ahead[v.index()]).collect(),
                    })
                    .collect();
                let body = e.bodies.first().filter(|b| b.inputs().len() == e.inputs.len());
                body.map(|b| Sides::walk(b, &seeds)).into_iter().collect()
            })
            .collect();
        Sides { equations, bodies }
    }
}

struct Seed {
    name: String,
    behind: Vec<bool>,
    raw: Vec<bool>,
    ahead: Vec<bool>,
}

fn flags(tape: &Tape, seed: &Seed) -> Flags {
    let n = tape.value_count();
    let mut f = Flags { name: seed.name.clone(), behind: vec![false; n], raw: vec![false; n], ahead: vec![false; n] };
    for (i, v) in tape.inputs().iter().enumerate() {
        f.behind[v.index()] = seed.behind[i];
        f.raw[v.index()] = seed.raw[i];
    }
    for e in tape.equations() {
        let is_cut = is_cut(e, &seed.name);
        let any = |flags: &[bool]| e.inputs.iter().any(|v| flags[v.index()]);
        let (mut behind, mut raw) = (is_cut || any(&f.behind), !is_cut && any(&f.raw));
        if let Some(body) = e.bodies.first()
            && holds_cut(body, &seed.name)
            && body.inputs().len() == e.inputs.len()
        {
            // A cut inside: what comes out depends on it as the body says.
            let inner = flags_of_body(body, e, &f);
            behind = body.outputs().iter().any(|v| inner.behind[v.index()]);
            raw = body.outputs().iter().any(|v| inner.raw[v.index()]);
        }
        for v in &e.outputs {
            let float = tape.type_of(*v).dtype.is_float();
            f.behind[v.index()] = behind;
            f.raw[v.index()] = raw && float;
        }
    }
    for (i, v) in tape.outputs().iter().enumerate() {
        f.ahead[v.index()] |= seed.ahead[i];
    }
    for e in tape.equations().iter().rev() {
        let holds = e.bodies.first().is_some_and(|b| holds_cut(b, &seed.name));
        if is_cut(e, &seed.name) || holds || e.outputs.iter().any(|v| f.ahead[v.index()]) {
            for v in &e.inputs {
                f.ahead[v.index()] = true;
            }
        }
    }
    f
}

fn flags_of_body(body: &Tape, e: &Equation, outer: &Flags) -> Flags {
    let seed = Seed {
        name: outer.name.clone(),
        behind: e.inputs.iter().map(|v| outer.behind[v.index()]).collect(),
        raw: e.inputs.iter().map(|v| outer.raw[v.index()]).collect(),
        ahead: vec![false; body.outputs().len()],
    };
    flags(body, &seed)
}

fn is_cut(e: &Equation, name: &str) -> bool {
    e.op.downcast::<Cut>().is_some_and(|c| c.name == name)
}

fn holds_cut(tape: &Tape, name: &str) -> bool {
    let mut found = false;
    tape.for_each_equation(&mut |e| found |= is_cut(e, name));
    found
}

fn side(e: &Equation, f: &Flags) -> Side {
    let behind = e.inputs.iter().any(|v| f.behind[v.index()]);
    let ahead = e.outputs.iter().any(|v| f.ahead[v.index()]);
    match (behind, ahead) {
        (true, true) => Side::Both,
        (true, false) if reads_past(e, f) => Side::Mixed,
        (true, false) => Side::Loss,
        (false, true) => Side::Model,
        (false, false) => Side::Aside,
    }
}

/// Whether the equation bends in what comes from the cut and in what comes past it at once. A product with a constant
/// does not, nor does a sum of the loss and a penalty.
fn reads_past(e: &Equation, f: &Flags) -> bool {
    let moving = |v: &&crate::tape::Value| f.raw[v.index()] || f.behind[v.index()];
    let raw = e.inputs.iter().any(|v| f.raw[v.index()]);
    match e.class() {
        Class::Linear => false,
        Class::Multilinear => raw && e.inputs.iter().filter(moving).count() > 1,
        Class::Nonlinear => raw,
    }
}

//! On which side of each cut an equation lies.
//!
//! A cut is a value with a name. What it descends from is the model, what descends from it is the loss; [`walks`] finds
//! out. A loop's state that leads from one step's cut to the next one's lies on both sides. What forward mode pushes through a
//! cut is cut by the same name: the tangent of a model's value is the model's, whatever the loss makes of both.

mod walks;

use std::collections::BTreeSet;

use crate::ops::{Cut, Side};
use crate::tape::{Class, Equation, Linearity, Tape};
pub(super) use walks::leads_to_an_output;
use walks::{Flags, back_through_body, body, flags, holds_cut, of, through_body};

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

    /// The sides in a tape whose structured equations all run the body that these are of. What moves data around them reads
    /// nothing and has none.
    pub(super) fn around(&self, runs: &Tape) -> Sides {
        let equations = runs.equations().iter();
        Sides {
            equations: equations.clone().map(|_| Vec::new()).collect(),
            bodies: equations.map(|e| body(e).map(|_| self.clone())).collect(),
        }
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

/// Whether the equation is nonlinear in what comes from the cut and in what comes past it, together. A product with a constant
/// is not, nor a quotient by one, nor a sum of the loss and a penalty.
fn reads_past(e: &Equation, flags: &[Flags]) -> bool {
    let inputs = of(flags, &e.inputs);
    let raw = inputs.iter().any(|f| f.raw);
    let moving: Vec<bool> = inputs.iter().map(|f| f.raw || f.behind).collect();
    if let Some(Linearity::Jointly | Linearity::OthersFixed) = e.op.linear_in(&moving) {
        return false;
    }
    match e.class() {
        Class::Linear => false,
        Class::Multilinear => raw && inputs.iter().filter(|f| f.raw || f.behind).count() > 1,
        Class::Nonlinear => raw,
    }
}

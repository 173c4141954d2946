//! The invariants of a tape. `verify` reports every violation, not the first; a report is a bug of ours.
//!
//! 1. Every value is defined exactly once: as an input or as an output of an equation.
//! 2. Every operand is defined before the equation that reads it; every output of the tape is defined.
//! 3. Every value has a type, and an equation's outputs have the types that its primitive infers.
//! 4. Bodies are valid tapes by the same rules.
//! 5. A cotangent equation reads primal values only through the residuals of its sweep (a primitive named `residual`),
//!    so that a freeze reaches every place where an equation's own second derivative enters.
//!    Checked on what reverse mode wrote, by [`Tape::residual_violations`], which knows where the sweep begins.

use std::fmt;

use super::{Tape, Value};

/// One broken invariant.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Which equation, if one is at fault.
    pub equation: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.equation {
            Some(i) => write!(f, "equation {i}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Tape {
    /// Every invariant that does not hold; empty for a valid tape.
    pub fn verify(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        let mut defined = vec![false; self.types.len()];
        let mut report = |equation: Option<usize>, what: String| found.push(Violation { equation, what });
        let mut define = |v: Value, at: Option<usize>, report: &mut dyn FnMut(Option<usize>, String)| match defined
            .get_mut(v.index())
        {
            None => report(at, format!("{v} has no type")),
            Some(true) => report(at, format!("{v} is defined twice")),
            Some(flag) => *flag = true,
        };
        for v in &self.inputs {
            define(*v, None, &mut report);
        }
        // Definitions are collected along the way, so "before" is the order of the equations.
        let mut seen: Vec<bool> = vec![false; self.types.len()];
        for v in &self.inputs {
            if let Some(flag) = seen.get_mut(v.index()) {
                *flag = true;
            }
        }
        for (i, e) in self.equations.iter().enumerate() {
            let mut readable = true;
            for v in &e.inputs {
                if !seen.get(v.index()).copied().unwrap_or(false) {
                    report(Some(i), format!("{} reads {v} before it is defined", e.op.name()));
                    readable = false;
                }
            }
            if readable {
                let types: Vec<_> = e.inputs.iter().map(|v| self.type_of(*v)).collect();
                match e.op.infer(&types, &e.bodies) {
                    Err(error) => report(Some(i), error.to_string()),
                    Ok(types) if types.len() != e.outputs.len() => {
                        report(
                            Some(i),
                            format!("{} has {} outputs, {} are named", e.op.name(), types.len(), e.outputs.len()),
                        );
                    }
                    Ok(types) => {
                        for (v, ty) in e.outputs.iter().zip(types) {
                            if self.types.get(v.index()) != Some(&ty) {
                                report(
                                    Some(i),
                                    format!("{v} is {:?}, {} gives {ty}", self.types.get(v.index()), e.op.name()),
                                );
                            }
                        }
                    }
                }
            }
            for body in &e.bodies {
                for violation in body.verify() {
                    report(Some(i), format!("in the body {}: {violation}", body.name));
                }
            }
            for v in &e.outputs {
                define(*v, Some(i), &mut report);
                if let Some(flag) = seen.get_mut(v.index()) {
                    *flag = true;
                }
            }
        }
        for v in &self.outputs {
            if !seen.get(v.index()).copied().unwrap_or(false) {
                report(None, format!("the output {v} is not defined"));
            }
        }
        found
    }

    /// Invariant 5, on a tape that reverse mode wrote: equations from `start` on belong to the sweep, `cotangents` are
    /// its seeds; of the values before `start`, only residual reads may touch them.
    pub(crate) fn residual_violations(&self, start: usize, seeds: &[Value]) -> Vec<Violation> {
        let mut primal = vec![false; self.types.len()];
        for v in self.inputs.iter().filter(|v| !seeds.contains(v)) {
            primal[v.index()] = true;
        }
        for e in &self.equations[..start] {
            for v in &e.outputs {
                primal[v.index()] = true;
            }
        }
        let mut found = Vec::new();
        for (i, e) in self.equations.iter().enumerate().skip(start) {
            // In a structured equation the reads are inside the bodies.
            if e.op.name() == "residual" || e.op.kind() == super::Kind::Structured {
                continue;
            }
            for v in e.inputs.iter().filter(|v| primal[v.index()]) {
                let what = format!("the cotangent equation {} reads the primal value {v} directly", e.op.name());
                found.push(Violation { equation: Some(i), what });
            }
        }
        found
    }

    /// Panics with the report and the equations around each fault, if there is any.
    pub fn assert_valid(&self) {
        self.assert_none(&self.verify());
    }

    pub(crate) fn assert_none(&self, violations: &[Violation]) {
        if violations.is_empty() {
            return;
        }
        let mut text = format!("the tape {} breaks its invariants (a bug in Quadric):\n", self.name);
        for v in violations {
            text += &format!("  {v}\n");
            if let Some(i) = v.equation {
                for (j, e) in self.equations.iter().enumerate().skip(i.saturating_sub(2)).take(5) {
                    let mark = if i == j { ">" } else { " " };
                    text += &format!("  {mark} {j}: {:?} = {} {:?} @ {}\n", e.outputs, e.op.name(), e.inputs, e.label);
                }
            }
        }
        panic!("{text}");
    }
}

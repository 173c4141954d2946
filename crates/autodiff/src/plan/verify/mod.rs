//! The invariants of a plan. `verify` reports every violation, not the first; a report is a bug of ours.
//!
//! A plan names, at each read and each write, the value of the tape that is meant, and keeps the operands of every equation.
//! The verifier goes through the steps, tracks which value each slot holds (and in a group each register), and checks every
//! read against it.
//!
//! 1. A place that is read holds the value that is meant: a slot has been written, and not been taken for another value since.
//! 2. Only slots are written, each value once; what is an argument, a constant, an alias or part of another array is not. A
//!    view or a number that is written out is written out as what it is.
//! 3. A step neither reads what it writes nor writes one slot twice.
//! 4. Types and sizes fit: a slot has room for what is written, a read is of what was written, a view stays inside its array.
//! 5. A step reads the operands of its equation and writes its results; a single step's result has the type that its primitive
//!    infers.
//! 6. In a register program every register is written before it is read, no instruction writes its own argument, every load
//!    and store exists, and every store is written once. An instruction computes what its equation says, from the equation's
//!    own operands.
//! 7. Every result of the program is there at the end. A slot is handed out for one result at most, and has its size.
//! 8. A loop runs as its equation says; its operands and results fit its body, and the body's plan is valid and of the
//!    equation's body.

mod program;
mod work;

use std::fmt;

use super::{Destination, Place, Plan, Read, Step, Storage, Work};
use crate::shape::Type;
use crate::tape::Value;

/// One broken invariant.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Which step, if one is at fault.
    pub step: Option<usize>,
    /// The equations of that step, by their numbers in the tape, with the user's lines.
    pub equations: Vec<String>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(step) = self.step else { return f.write_str(&self.what) };
        write!(f, "step {step}: {} ({})", self.what, self.equations.join("; "))
    }
}

/// What a slot holds.
#[derive(Clone)]
struct Held {
    value: Value,
    bytes: usize,
    since: usize,
}

/// The walk over the steps.
struct Checker<'a> {
    plan: &'a Plan,
    held: Vec<Option<Held>>,
    /// By [`Value::index`], the step that wrote a value.
    written: Vec<Option<usize>>,
    /// Where the walk is; `None` at the end.
    step: Option<(usize, &'a Step)>,
    found: Vec<Violation>,
}

impl Plan {
    /// The value whose array holds `v` in order, if it is in memory.
    fn array(&self, v: Value) -> Value {
        let mut v = v;
        while let Some(Storage::Alias(root)) = self.storage.get(v.index()) {
            v = *root;
        }
        v
    }

    /// Every invariant that does not hold; empty for a valid plan.
    pub fn verify(&self) -> Vec<Violation> {
        let mut checker = Checker {
            plan: self,
            held: vec![None; self.slots.len()],
            written: vec![None; self.storage.len()],
            step: None,
            found: Vec::new(),
        };
        for (i, step) in self.steps.iter().enumerate() {
            checker.step = Some((i, step));
            checker.check(step);
        }
        checker.step = None;
        checker.check_outputs();
        checker.found
    }

    /// Panics with the report and the plan, if there is anything to report.
    pub fn assert_valid(&self) {
        let violations = self.verify();
        if !violations.is_empty() {
            let lines: Vec<String> = violations.iter().map(|v| format!("  {v}\n")).collect();
            panic!("the plan of {} breaks its invariants (a bug in Quadric):\n{}{self}", self.name, lines.concat());
        }
    }
}

impl Checker<'_> {
    fn report(&mut self, what: String) {
        let equations = self.step.iter().flat_map(|(_, step)| &step.equations);
        let equations = equations.map(|e| format!("equation {} {} @ {}", e.equation, e.op.name(), e.label)).collect();
        self.found.push(Violation { step: self.step.map(|(i, _)| i), equations, what });
    }

    fn check(&mut self, step: &Step) {
        for x in &step.operands {
            self.check_read(x);
        }
        self.check_work(step);
        for (i, y) in step.results.iter().enumerate() {
            if step.operands.iter().any(|x| x.place == Place::Slot(y.slot)) {
                self.report(format!("it reads s{}, which it writes", y.slot));
            }
            if step.results[..i].iter().any(|other| other.slot == y.slot) {
                self.report(format!("it writes s{} twice", y.slot));
            }
            self.check_write(step, y);
        }
    }

    /// The value and the bytes that a place holds.
    fn holds(&mut self, x: &Read) -> Option<(Value, usize)> {
        let (plan, place) = (self.plan, x.place);
        let found = match place {
            Place::Input(i) => plan.inputs.get(i).map(|(v, ty)| (*v, ty.bytes())),
            Place::Constant(k) => plan.constants.get(k).map(|(v, t)| (*v, t.ty().bytes())),
            Place::Slot(s) => match self.held.get(s) {
                Some(Some(held)) if held.value == x.value => Some((held.value, held.bytes)),
                Some(Some(held)) => {
                    let (other, since) = (held.value, held.since);
                    self.report(format!("{place} is read for {}, but holds {other} since step {since}", x.value));
                    return None;
                }
                Some(None) => {
                    self.report(format!("{place} is read for {} before it is written", x.value));
                    return None;
                }
                None => None,
            },
        };
        if found.is_none() {
            self.report(format!("there is no {place}, which is read for {}", x.value));
        }
        found
    }

    fn check_read(&mut self, x: &Read) {
        let Some((value, bytes)) = self.holds(x) else { return };
        let read = if x.repeats { matrix(&x.ty).bytes() } else { x.ty.bytes() };
        if value != x.value {
            self.report(format!("{} is read for {}, but is {value}", x.place, x.value));
        } else if bytes != read {
            self.report(format!("{} is read as {}, {read} bytes of {bytes}", x.value, x.ty));
        }
    }

    fn check_write(&mut self, step: &Step, y: &Destination) {
        let (plan, v) = (self.plan, y.value);
        let fits = match (plan.storage.get(v.index()), &step.work) {
            (Some(Storage::Buffer), Work::Fused(_) | Work::Single(_) | Work::Scan { .. }) => true,
            (Some(Storage::View { root, offset, strides }), Work::Copy { offset: o, strides: s }) => {
                offset == o && strides == s && step.operands.first().is_some_and(|x| x.value == plan.array(*root))
            }
            (Some(Storage::Number(x)), Work::Fill(number)) => x.to_bits() == number.to_bits(),
            _ => false,
        };
        if !fits {
            let how = plan.storage.get(v.index()).map_or("unknown".into(), |storage| format!("{storage:?}"));
            self.report(format!("it writes {v}, which exists as {how}"));
        }
        let Some((at, _)) = self.step else { return };
        if let Some(Some(before)) = self.written.get(v.index()) {
            let before = *before;
            self.report(format!("it writes {v}, as step {before} did"));
        } else if let Some(written) = self.written.get_mut(v.index()) {
            *written = Some(at);
        }
        match plan.slots.get(y.slot) {
            None => self.report(format!("there is no s{}, which is written for {v}", y.slot)),
            Some(bytes) => {
                if *bytes < y.ty.bytes() {
                    self.report(format!("s{} has {bytes} bytes, {v}: {} needs {}", y.slot, y.ty, y.ty.bytes()));
                }
                self.held[y.slot] = Some(Held { value: v, bytes: y.ty.bytes(), since: at });
            }
        }
    }

    fn check_outputs(&mut self) {
        let plan = self.plan;
        for (i, output) in plan.outputs.iter().enumerate() {
            self.check_read(&output.operand);
            if !output.owned {
                continue;
            }
            let Some(s) = output.operand.place.slot() else {
                self.report(format!("result {i} is {}, which cannot be handed out", output.operand.place));
                continue;
            };
            if plan.outputs[..i].iter().any(|other| other.owned_slot() == Some(s)) {
                self.report(format!("s{s} is handed out twice"));
            }
            if plan.slots.get(s).is_some_and(|bytes| *bytes != output.operand.ty.bytes()) {
                self.report(format!("result {i} is {}, its slot has {} bytes", output.operand.ty, plan.slots[s]));
            }
        }
    }
}

/// The one matrix of a repeated operand.
fn matrix(ty: &Type) -> Type {
    let from = ty.shape.rank().saturating_sub(2);
    ty.with_shape(&ty.shape[from..])
}

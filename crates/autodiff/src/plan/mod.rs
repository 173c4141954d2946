//! From a tape to a plan: what is moved without work, what is fused, in which order, in which buffers.
//!
//! A [`Plan`] is a value, like a tape: it prints, it is verified, and nothing in it runs. `exec` replays it. It is made in
//! phases, a page each, that hand on finished values; no phase changes what an earlier one made.
//!
//! 1. `storage`: how each value of the tape exists. Identities are aliases; broadcasts, permutations and slices are
//!    views of what they move; constants of one number are immediate. None of these costs a step unless somebody needs it
//!    written out.
//! 2. `groups`: elementwise equations over one shape are computed together, in one pass over memory.
//! 3. `order`: which group is computed when, and what is written out before it. A group's `registers` are assigned
//!    here; a group that needs too many is cut in two.
//! 4. `buffers`: values whose lives do not overlap share a slot of memory.
//!
//! The tape must be lowered (`pass::lower`), the bodies of its loops too: their plans are part of its own.

mod buffers;
mod groups;
mod order;
mod print;
mod register_program;
mod registers;
mod step;
mod storage;
mod verify;

use std::collections::HashMap;
use std::sync::Arc;

pub use register_program::{
    Action, Instruction, LOADS, Load, REGISTERS, RegisterProgram, STORES, Source, Store, Target,
};
pub use step::{Destination, Origin, Place, Read, Step, Work};
pub use storage::Storage;
pub use verify::Violation;

use crate::shape::Type;
use crate::tape::{Tape, Value};
use crate::tensor::Tensor;

/// The steps and the buffers of a program, as data. Its `Display` is a line a step.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var}};
/// let tape = trace::trace(|x: Var| (x.sin() * 2.0).sum(), &tensor![0.0, 0.5])?;
/// let program = Program::new(&tape, &Options::default());
/// let plan = program.plan();
/// // The sine and the product are one pass; the number 2 and its broadcast cost nothing.
/// assert_eq!(plan.steps.len(), 2);
/// assert_eq!(plan.bytes(), 16 + 8);
/// assert!(plan.to_string().contains("store 0 = mul"));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The tape's name.
    pub name: String,
    /// How many equations the tape has; views and numbers among them take no step.
    pub equations: usize,
    /// The arguments.
    pub inputs: Vec<(Value, Type)>,
    /// The constants that are arrays.
    pub constants: Vec<(Value, Tensor)>,
    /// How each value exists, by [`Value::index`].
    pub storage: Vec<Storage>,
    /// What runs, in order.
    pub steps: Vec<Step>,
    /// The bytes of each slot.
    pub slots: Vec<usize>,
    /// The results.
    pub outputs: Vec<Returned>,
}

/// A result of the program.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// Where it is found at the end, and as what type it is returned.
    pub operand: Read,
    /// Whether its slot belongs to this result alone, so that it is handed out and not copied.
    pub owned: bool,
}

impl Returned {
    /// The slot that is handed out as this result, if there is one.
    pub fn owned_slot(&self) -> Option<usize> {
        self.operand.place.slot().filter(|_| self.owned)
    }
}

impl Plan {
    /// The plan of a lowered tape whose loops have lowered bodies.
    pub(crate) fn new(tape: &Tape) -> Plan {
        let storages = storage::storages(tape);
        let groups = groups::groups(tape, &storages);
        let schedule = order::schedule(tape, &storages, &groups);
        let buffers = buffers::buffers(tape, &storages, &schedule);

        let operand = |read: order::Unplaced| Read {
            place: buffers.place(read.value),
            value: read.value,
            ty: read.ty,
            repeats: read.repeats,
        };
        let destination = |v: &Value| Destination {
            slot: buffers.place(*v).slot().expect("steps write slots"),
            value: *v,
            ty: tape.type_of(*v).clone(),
        };
        let origin = |i: &usize| {
            let e = &tape.equations()[*i];
            Origin {
                equation: *i,
                op: e.op.clone(),
                inputs: e.inputs.clone(),
                outputs: e.outputs.clone(),
                bodies: e.bodies.clone(),
                label: e.label.clone(),
            }
        };
        let steps = schedule.tasks.into_iter().map(|task| Step {
            work: task.work,
            operands: task.reads.into_iter().map(operand).collect(),
            results: task.writes.iter().map(destination).collect(),
            equations: task.equations.iter().map(origin).collect(),
        });
        let steps = steps.collect();
        let outputs = schedule.outputs.into_iter().zip(&buffers.owned);
        let outputs = outputs.map(|(read, owned)| Returned { operand: operand(read), owned: *owned }).collect();
        let plan = Plan {
            name: tape.name().to_string(),
            equations: tape.equations().len(),
            inputs: tape.inputs().iter().map(|v| (*v, tape.type_of(*v).clone())).collect(),
            constants: storages.constants,
            storage: storages.of,
            steps,
            slots: buffers.slots,
            outputs,
        };
        #[cfg(debug_assertions)]
        plan.assert_valid();
        plan
    }

    /// Bytes of all slots, results included; those of a loop's body are the loop's own.
    pub fn bytes(&self) -> usize {
        self.slots.iter().sum()
    }

    /// The most bytes that hold values still needed, and the step at which they do: what no sharing of buffers could do
    /// without in this order. Results count to the end. `None` for a plan without steps.
    pub fn peak(&self) -> Option<(usize, usize)> {
        let mut last_read: HashMap<Value, usize> = HashMap::new();
        for (i, step) in self.steps.iter().enumerate() {
            last_read.extend(step.operands.iter().map(|x| (x.value, i)));
        }
        last_read.extend(self.outputs.iter().map(|output| (output.operand.value, usize::MAX)));
        let mut dead = vec![0; self.steps.len()];
        let (mut live, mut peak) = (0, None);
        for (i, step) in self.steps.iter().enumerate() {
            for y in &step.results {
                live += y.ty.bytes();
                // What nobody reads is needed for this one step.
                if let Some(bytes) = dead.get_mut(last_read.get(&y.value).copied().unwrap_or(i)) {
                    *bytes += y.ty.bytes();
                }
            }
            if peak.is_none_or(|(bytes, _)| live > bytes) {
                peak = Some((live, i));
            }
            live = live.saturating_sub(dead[i]);
        }
        peak
    }

    /// The plans of the loops' bodies, in the order of the steps that run them.
    pub fn bodies(&self) -> impl Iterator<Item = &Arc<Plan>> {
        self.steps.iter().filter_map(|step| match &step.work {
            Work::Scan { body, .. } => Some(body),
            _ => None,
        })
    }
}

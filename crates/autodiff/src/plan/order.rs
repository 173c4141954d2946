//! Phase 3: in which order everything is done, and what has to be written out for it.
//!
//! Depth first from the equations in the order of the tape, so a result is used soon after it is made and its buffer is free
//! again early. A view that a kernel needs in row-major order, and a number that it needs as an array, are written out right
//! before the first step that reads them, once.
//!
//! The result is a list of tasks: steps that name values and do not know yet in which buffers these will be.

use std::sync::Arc;

use super::Plan;
use super::groups::{Group, Groups};
use super::registers;
use super::step::Work;
use super::storage::{Storage, Storages};
use crate::shape::Type;
use crate::tape::{Kernel, Tape, Value};

/// A step before buffers are chosen.
pub(super) struct Task {
    pub(super) work: Work,
    pub(super) reads: Vec<Unplaced>,
    pub(super) writes: Vec<Value>,
    pub(super) equations: Vec<usize>,
}

/// A read before buffers are chosen.
pub(super) struct Unplaced {
    /// A value that is an array of its own, or has been written out.
    pub(super) value: Value,
    /// As what type it is read.
    pub(super) ty: Type,
    pub(super) repeats: bool,
}

/// Everything that is done, in order.
pub(super) struct Schedule {
    pub(super) tasks: Vec<Task>,
    pub(super) outputs: Vec<Unplaced>,
}

/// The tasks that compute the groups, and what they need written out.
pub(super) fn schedule(tape: &Tape, storages: &Storages, groups: &Groups) -> Schedule {
    let mut s = Scheduler { tape, storages, groups, written: vec![false; tape.value_count()], tasks: Vec::new() };
    for group in order(groups) {
        s.compute(&groups.all[group]);
    }
    let outputs = tape.outputs().iter().map(|v| s.read(*v)).collect();
    Schedule { tasks: s.tasks, outputs }
}

/// The groups, each after those it reads from.
fn order(groups: &Groups) -> Vec<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Waiting,
        Done,
    }
    let mut order = Vec::new();
    let mut state = vec![State::New; groups.all.len()];
    for first in groups.of.iter().flatten() {
        let mut stack = vec![*first];
        while let Some(n) = stack.last().copied() {
            match state[n] {
                State::New => {
                    state[n] = State::Waiting;
                    stack.extend(groups.all[n].needs.iter().filter(|m| state[**m] == State::New));
                }
                State::Waiting => {
                    state[n] = State::Done;
                    order.push(n);
                    stack.pop();
                }
                State::Done => {
                    stack.pop();
                }
            }
        }
    }
    order
}

struct Scheduler<'a> {
    tape: &'a Tape,
    storages: &'a Storages,
    groups: &'a Groups,
    /// By [`Value::index`], views and numbers that have been written out.
    written: Vec<bool>,
    tasks: Vec<Task>,
}

impl Scheduler<'_> {
    fn compute(&mut self, group: &Group) {
        if let Some(common) = &group.common {
            for pass in registers::passes(self.tape, self.storages, &self.groups.stored, group, common) {
                let reads = pass.loads.iter().map(|v| self.read(*v)).collect();
                let work = Work::Fused(Box::new(pass.program));
                self.tasks.push(Task { work, reads, writes: pass.stores, equations: pass.equations });
            }
            return;
        }
        let e = &self.tape.equations()[group.equations[0]];
        let (work, reads) = match e.op.kernel() {
            Kernel::Scan { length, constants, states, reverse } => {
                let reads = e.inputs.iter().map(|v| self.read(*v)).collect();
                let body = Arc::new(Plan::new(&e.bodies[0]));
                (Work::Scan { length, constants, states, reverse, body }, reads)
            }
            Kernel::Product => (Work::Single(e.op.clone()), e.inputs.iter().map(|v| self.read_factor(*v)).collect()),
            _ => (Work::Single(e.op.clone()), e.inputs.iter().map(|v| self.read(*v)).collect()),
        };
        self.tasks.push(Task { work, reads, writes: e.outputs.clone(), equations: group.equations.clone() });
    }

    /// A read in row-major order.
    fn read(&mut self, v: Value) -> Unplaced {
        Unplaced { value: self.array(v), ty: self.tape.type_of(v).clone(), repeats: false }
    }

    /// A read by a product, which takes a repeated matrix as it is if that is all of an array.
    fn read_factor(&mut self, v: Value) -> Unplaced {
        let ty = self.tape.type_of(v);
        if let Storage::View { root, offset: 0, strides } = self.storages.of(v)
            && repeats_matrix(&ty.shape, strides)
            && self.tape.type_of(*root).shape.size() == ty.shape[ty.shape.rank() - 2..].iter().product::<usize>()
        {
            return Unplaced { value: self.array(*root), ty: ty.clone(), repeats: true };
        }
        self.read(v)
    }

    /// The value whose array holds `v` in row-major order; views and numbers are written out once.
    fn array(&mut self, v: Value) -> Value {
        let (work, reads) = match self.storages.of(v) {
            Storage::Input(_) | Storage::Constant(_) | Storage::Buffer => return v,
            Storage::Alias(root) => return self.array(*root),
            _ if self.written[v.index()] => return v,
            Storage::View { root, offset, strides } => {
                (Work::Copy { offset: *offset, strides: strides.clone() }, vec![self.read(*root)])
            }
            Storage::Number(number) => (Work::Fill(*number), vec![]),
        };
        let equations = self.storages.definition[v.index()].into_iter().collect();
        self.tasks.push(Task { work, reads, writes: vec![v], equations });
        self.written[v.index()] = true;
        v
    }
}

/// Whether all axes but the last two repeat one row-major matrix. Along an axis of size 1 there is no step.
fn repeats_matrix(shape: &[usize], strides: &[isize]) -> bool {
    let n = shape.len();
    let stays = |(size, stride): (&usize, &isize)| *size == 1 || *stride == 0;
    n > 2 && shape.iter().zip(strides).take(n - 2).all(stays) && strides[n - 2..] == [shape[n - 1] as isize, 1]
}

//! Phase 3a: a group's register program.
//!
//! One walk over the group's equations. A register is taken for each result and is free again after the last equation that
//! reads it; what is loaded into a register holds it from the start of the chunk. A result that only the outside needs goes
//! straight to memory. A group that needs more registers, loads or stores than there are is cut in two in the middle of the
//! tape's order, and what crosses the cut is stored.

use std::collections::{HashMap, HashSet};

use super::groups::{Common, Group};
use super::register_program::{
    Action, Instruction, LOADS, Load, REGISTERS, RegisterProgram, STORES, Source, Store, Target,
};
use super::storage::{Storage, Storages};
use crate::dtype::DType;
use crate::tape::{Binary, Equation, Kernel, Tape, Value};

/// A group, or a part of one, ready to be a step.
pub(super) struct Pass {
    pub(super) program: RegisterProgram,
    /// The values whose arrays the loads read.
    pub(super) loads: Vec<Value>,
    /// The values that are stored.
    pub(super) stores: Vec<Value>,
    pub(super) equations: Vec<usize>,
}

/// The passes of a group over memory: one, if its registers suffice.
pub(super) fn passes(tape: &Tape, storages: &Storages, stored: &[bool], group: &Group, common: &Common) -> Vec<Pass> {
    let mut passes = Vec::new();
    let context = Context { tape, storages, stored, common };
    context.cut_until_it_fits(&group.equations, &HashSet::new(), &mut passes);
    passes
}

struct Context<'a> {
    tape: &'a Tape,
    storages: &'a Storages,
    stored: &'a [bool],
    common: &'a Common,
}

impl Context<'_> {
    fn equation(&self, i: usize) -> &Equation {
        &self.tape.equations()[i]
    }

    fn is_mask(&self, v: Value) -> bool {
        self.tape.type_of(v).dtype == DType::Bool
    }

    /// `crossing`: what must be stored because the group was cut.
    fn cut_until_it_fits(&self, equations: &[usize], crossing: &HashSet<Value>, passes: &mut Vec<Pass>) {
        if let Some(pass) = self.pass(equations, crossing) {
            return passes.push(pass);
        }
        let (first, second) = equations.split_at(equations.len() / 2);
        let made: HashSet<Value> = first.iter().map(|i| self.equation(*i).outputs[0]).collect();
        let reads = second.iter().flat_map(|i| &self.equation(*i).inputs);
        let crossing: HashSet<Value> = reads.filter(|v| made.contains(v)).chain(crossing).copied().collect();
        self.cut_until_it_fits(first, &crossing, passes);
        self.cut_until_it_fits(second, &crossing, passes);
    }

    /// One pass over these equations; `None` if they need too much.
    fn pass(&self, equations: &[usize], crossing: &HashSet<Value>) -> Option<Pass> {
        let mut registers = Registers { free: (0..REGISTERS).rev().collect(), ..Registers::default() };
        let members: HashSet<Value> = equations.iter().map(|i| self.equation(*i).outputs[0]).collect();
        let mut last_use: HashMap<Value, usize> = HashMap::new();
        for (at, i) in equations.iter().enumerate() {
            for v in &self.equation(*i).inputs {
                last_use.insert(*v, at);
                if !members.contains(v) && !registers.sources.contains_key(v) {
                    let source = self.load(&mut registers, *v)?;
                    registers.sources.insert(*v, source);
                }
            }
        }
        for (at, i) in equations.iter().enumerate() {
            let e = self.equation(*i);
            let y = e.outputs[0];
            let action = self.action(e, &registers.sources);
            let is_stored = self.stored[y.index()] || crossing.contains(&y);
            if is_stored && !last_use.contains_key(&y) && !self.is_mask(y) {
                registers.store(y, action, at);
            } else {
                let r = registers.free.pop()?;
                registers.sources.insert(y, Source::Register(r));
                registers.instructions.push(Instruction { action, target: Target::Register(r), equation: at });
                if is_stored && self.is_mask(y) {
                    registers.store_mask(y, r);
                } else if is_stored {
                    registers.store(y, Action::Move(Source::Register(r)), at);
                }
            }
            let mut done: Vec<Value> = e.inputs.iter().copied().filter(|v| last_use[v] == at).collect();
            done.sort_unstable();
            done.dedup();
            for v in done {
                registers.release(v);
            }
            if registers.stores.len() > STORES || registers.loads.len() > LOADS {
                return None;
            }
        }
        let program = RegisterProgram {
            shape: self.common.shape.clone(),
            // Bools alone may be computed in either.
            dtype: self.common.float.unwrap_or(DType::F32),
            loads: registers.loads,
            instructions: registers.instructions,
            stores: registers.stores,
        };
        Some(Pass { program, loads: registers.loaded, stores: registers.stored, equations: equations.to_vec() })
    }

    fn action(&self, e: &Equation, sources: &HashMap<Value, Source>) -> Action {
        let arg = |k: usize| sources[&e.inputs[k]];
        match e.op.kernel() {
            Kernel::Unary(op) => Action::Unary(op, arg(0)),
            Kernel::Binary(op) => Action::Binary(op, arg(0), arg(1)),
            Kernel::Select => Action::Select(arg(0), arg(1), arg(2)),
            Kernel::Convert if self.is_mask(e.outputs[0]) => Action::Binary(Binary::NE, arg(0), Source::Number(0.0)),
            Kernel::Convert => Action::Move(arg(0)),
            other => unreachable!("{other:?} is not elementwise"),
        }
    }

    /// How a group reads a value from outside: in place, as a number, or into a register.
    fn load(&self, registers: &mut Registers, v: Value) -> Option<Source> {
        let mask = self.is_mask(v);
        let (root, load) = match self.storages.of(v) {
            Storage::Number(c) => return Some(Source::Number(*c)),
            Storage::View { root, .. } if !mask && self.tape.type_of(*root).shape.size() == 1 => (*root, Load::One),
            Storage::View { root, offset, strides } => {
                let register = registers.free.pop()?;
                (*root, Load::Strided { register, offset: *offset, strides: strides.clone() })
            }
            _ if mask => (self.storages.without_alias(v), Load::Mask { register: registers.free.pop()? }),
            _ => (self.storages.without_alias(v), Load::Whole),
        };
        let source = load.register().map_or(Source::Load(registers.loads.len()), Source::Register);
        registers.loads.push(load);
        registers.loaded.push(root);
        Some(source)
    }
}

/// Where everything is at one point of the walk, and the program so far.
#[derive(Default)]
struct Registers {
    free: Vec<usize>,
    /// Registers whose content is stored at the end of the chunk.
    pinned: HashSet<usize>,
    sources: HashMap<Value, Source>,
    loads: Vec<Load>,
    loaded: Vec<Value>,
    instructions: Vec<Instruction>,
    stores: Vec<Store>,
    stored: Vec<Value>,
}

impl Registers {
    /// The equation at `at` writes a result of the group.
    fn store(&mut self, v: Value, action: Action, at: usize) {
        self.instructions.push(Instruction { action, target: Target::Store(self.stores.len()), equation: at });
        self.stores.push(Store::Whole);
        self.stored.push(v);
    }

    /// Bools are converted at the end of the chunk and keep their register until then.
    fn store_mask(&mut self, v: Value, register: usize) {
        self.pinned.insert(register);
        self.stores.push(Store::Mask { register });
        self.stored.push(v);
    }

    /// Nobody reads this value any more.
    fn release(&mut self, v: Value) {
        if let Source::Register(r) = self.sources[&v]
            && !self.pinned.contains(&r)
        {
            self.free.push(r);
            self.sources.remove(&v);
        }
    }
}

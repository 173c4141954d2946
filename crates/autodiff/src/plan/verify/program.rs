//! What must hold in a register program, beside the operands and results of its step.

use crate::dtype::DType;
use crate::plan::{
    Action, Instruction, LOADS, Load, Origin, Plan, REGISTERS, RegisterProgram, STORES, Source, Step, Storage, Store,
    Target,
};
use crate::shape::Shape;
use crate::tape::{Binary, Kernel, Value};

/// Whether a view of an array of `size` elements stays inside it.
pub(super) fn is_inside(shape: &Shape, offset: usize, strides: &[isize], size: usize) -> bool {
    if shape.contains(&0) {
        return true;
    }
    let (mut low, mut high) = (offset as isize, offset as isize);
    for (n, stride) in shape.iter().zip(strides) {
        let reach = (*n as isize - 1) * stride;
        low += reach.min(0);
        high += reach.max(0);
    }
    strides.len() == shape.rank() && low >= 0 && high < size as isize
}

/// What a register holds.
#[derive(Clone, Copy, PartialEq)]
enum Held {
    /// What a load put there.
    Loaded(usize),
    /// A result of the group.
    Computed(Value),
}

/// What sources mean at one point of the program.
struct Meaning<'a> {
    plan: &'a Plan,
    step: &'a Step,
    loads: &'a [Load],
    registers: &'a [Option<Held>],
}

impl Meaning<'_> {
    /// Whether an instruction is its equation, or copies what its equation made.
    fn computes(&self, instruction: &Instruction, origin: &Origin) -> bool {
        if let Action::Move(Source::Register(r)) = instruction.action
            && let Some(Some(Held::Computed(v))) = self.registers.get(r)
            && origin.outputs == [*v]
        {
            return true;
        }
        let is_same_function = match (instruction.action, origin.op.kernel()) {
            (Action::Unary(f, _), Kernel::Unary(g)) => f == g,
            (Action::Binary(f, ..), Kernel::Binary(g)) => f == g,
            (Action::Binary(f, _, zero), Kernel::Convert) => f == Binary::NE && zero == Source::Number(0.0),
            (Action::Select(..), Kernel::Select) | (Action::Move(_), Kernel::Convert) => true,
            _ => false,
        };
        let mut sources = instruction.action.sources();
        is_same_function && origin.inputs.iter().all(|v| sources.next().is_some_and(|source| self.is(source, *v)))
    }

    /// Whether a source is a value of the tape.
    fn is(&self, source: Source, v: Value) -> bool {
        match source {
            Source::Number(x) => {
                matches!(self.plan.storage.get(v.index()), Some(Storage::Number(c)) if c.to_bits() == x.to_bits())
            }
            Source::Load(l) => self.loads_value(l, v),
            Source::Register(r) => match self.registers.get(r) {
                Some(Some(Held::Loaded(l))) => self.loads_value(*l, v),
                Some(Some(Held::Computed(held))) => *held == v,
                _ => false,
            },
        }
    }

    /// Whether a load reads a value: its own array in order, or the view that it is.
    fn loads_value(&self, l: usize, v: Value) -> bool {
        let (Some(load), Some(x)) = (self.loads.get(l), self.step.operands.get(l)) else { return false };
        match (load, self.plan.storage.get(v.index())) {
            (Load::One, Some(Storage::View { root, .. })) => self.plan.array(*root) == x.value,
            (Load::Strided { offset: o, strides: s, .. }, Some(Storage::View { root, offset, strides })) => {
                self.plan.array(*root) == x.value && o == offset && s == strides
            }
            (Load::Whole | Load::Mask { .. }, Some(Storage::View { .. })) | (_, None) => false,
            (Load::Whole | Load::Mask { .. }, _) => self.plan.array(v) == x.value,
            _ => false,
        }
    }
}

pub(super) fn check(plan: &Plan, program: &RegisterProgram, step: &Step, report: &mut dyn FnMut(String)) {
    let RegisterProgram { shape, dtype, loads, instructions, stores } = program;
    if !dtype.is_float() {
        report(format!("a group computes in floats, not in {dtype}"));
    }
    if loads.len() != step.operands.len() || loads.len() > LOADS {
        report(format!("it has {} loads (at most {LOADS}) for {} operands", loads.len(), step.operands.len()));
    }
    if stores.len() != step.results.len() || stores.len() > STORES {
        report(format!("it has {} stores (at most {STORES}) for {} results", stores.len(), step.results.len()));
    }
    let mut registers = [const { None }; REGISTERS];
    for (i, (load, x)) in loads.iter().zip(&step.operands).enumerate() {
        let is_mask = x.ty.dtype == DType::Bool;
        if !is_mask && x.ty.dtype != *dtype {
            report(format!("load {i} is of {}, the group computes in {dtype}", x.ty.dtype));
        }
        let fits = match load {
            Load::Whole => !is_mask && x.ty.shape.size() == shape.size(),
            Load::One => !is_mask && x.ty.shape.size() == 1,
            Load::Mask { .. } => is_mask && x.ty.shape.size() == shape.size(),
            Load::Strided { offset, strides, .. } => is_inside(shape, *offset, strides, x.ty.shape.size()),
        };
        if !fits {
            report(format!("load {i} does not fit {}: {load:?}", x.ty));
        }
        if let Some(register) = load.register() {
            match registers.get_mut(register) {
                Some(held) => *held = Some(Held::Loaded(i)),
                None => report(format!("there is no register {register}")),
            }
        }
    }
    let mut stored = vec![0; stores.len()];
    for (i, instruction) in instructions.iter().enumerate() {
        let Some(origin) = step.equations.get(instruction.equation) else {
            report(format!("instruction {i} is of no equation"));
            continue;
        };
        let meaning = Meaning { plan, step, loads, registers: &registers };
        if !meaning.computes(instruction, origin) {
            report(format!("instruction {i} is not {} of {:?}", origin.op.name(), origin.inputs));
        }
        for source in instruction.action.sources() {
            match source {
                Source::Register(r) if !matches!(registers.get(r), Some(Some(_))) => {
                    report(format!("instruction {i} reads register {r} before it is written"));
                }
                Source::Register(r) if instruction.target == Target::Register(r) => {
                    report(format!("instruction {i} writes register {r}, which it reads"));
                }
                Source::Load(l) if !matches!(loads.get(l), Some(Load::Whole | Load::One)) => {
                    report(format!("instruction {i} reads load {l}, which is not there in place"));
                }
                _ => {}
            }
        }
        match instruction.target {
            Target::Register(r) if r >= REGISTERS => report(format!("there is no register {r}")),
            Target::Register(r) => registers[r] = origin.outputs.first().map(|v| Held::Computed(*v)),
            Target::Store(s) if stores.get(s) == Some(&Store::Whole) => {
                stored[s] += 1;
                if let Some(y) = step.results.get(s).filter(|y| !origin.outputs.contains(&y.value)) {
                    report(format!("instruction {i} writes {:?} into {}", origin.outputs, y.value));
                }
            }
            Target::Store(s) => report(format!("instruction {i} writes store {s}, which is not there for it")),
        }
    }
    for (i, (store, y)) in stores.iter().zip(&step.results).enumerate() {
        let fits = match store {
            Store::Whole => y.ty.dtype == *dtype,
            Store::Mask { .. } => y.ty.dtype == DType::Bool,
        };
        if !fits || y.ty.shape != *shape {
            report(format!("store {i} does not fit {}: {store:?}", y.ty));
        }
        match store {
            Store::Whole if stored[i] != 1 => report(format!("store {i} is written {} times", stored[i])),
            Store::Mask { register } if !matches!(registers.get(*register), Some(Some(_))) => {
                report(format!("store {i} reads register {register}, which is never written"));
            }
            Store::Mask { register } if registers[*register] != Some(Held::Computed(y.value)) => {
                report(format!("store {i} is of {}, register {register} holds another value", y.value));
            }
            _ => {}
        }
    }
}

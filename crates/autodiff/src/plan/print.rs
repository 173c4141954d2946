//! The text form of a plan: a line a step, a group's register program below it, the slots at the end.
//!
//! ```text
//! plan f: 2 steps for 5 equations
//!   in0 is v0: f64[8]
//!   v2 is 2.0
//!   0: s0 v4: f64[8] = fused in0 v0: f64[8] @ src/main.rs:3:20
//!        load 0: whole
//!        r0 = sin load0 @ src/main.rs:3:20
//!        store 0 = mul r0 2.0 @ src/main.rs:3:20
//!   1: s1 v5: f64[] = sum[axes=(0)] s0 v4: f64[8] @ src/main.rs:3:35
//!   return s1 v5: f64[] (handed out)
//!   s0: 64 bytes for v4
//!   s1: 8 bytes for v5
//!   72 bytes in 2 slots; 72 of them are needed at once (step 1)
//! ```
//! Places are `in` (arguments), `const` (constants) and `s` (slots), each with the value that is there. What `is` another value,
//! in order or from an offset by strides, or a number, takes no step.

use std::fmt::{self, Write};

use super::{Action, Load, Origin, Place, Plan, Read, RegisterProgram, Source, Step, Storage, Store, Target, Work};
use crate::error::count;
use crate::tape::{Kernel, Op, Param};

/// Places of equations that a step's own line names.
const NAMED: usize = 3;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Input(i) => write!(f, "in{i}"),
            Place::Constant(k) => write!(f, "const{k}"),
            Place::Slot(s) => write!(f, "s{s}"),
        }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let repeated = if self.repeats { " (one matrix, repeated)" } else { "" };
        write!(f, "{} {}: {}{repeated}", self.place, self.value, self.ty)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Register(r) => write!(f, "r{r}"),
            Source::Load(l) => write!(f, "load{l}"),
            Source::Number(x) => write!(f, "{x:?}"),
        }
    }
}

/// The primitive with its parameters.
fn write_op(out: &mut impl Write, op: &Op) -> fmt::Result {
    out.write_str(op.name())?;
    let shown = op.params().0.into_iter().map(|(name, value)| match value {
        Param::Tensor(t) => format!("{name}={}", t.ty()),
        value => format!("{name}={value}"),
    });
    let shown: Vec<String> = shown.collect();
    if shown.is_empty() { Ok(()) } else { write!(out, "[{}]", shown.join(", ")) }
}

/// `from 2 by (1, -1)`.
fn strided(offset: usize, strides: &[isize]) -> String {
    let strides: Vec<String> = strides.iter().map(isize::to_string).collect();
    format!("from {offset} by ({})", strides.join(", "))
}

fn joined<T: fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|x| x.to_string()).collect::<Vec<_>>().join(", ")
}

/// ` @ ` and the user's lines and scopes of the equations, each once.
fn write_labels(out: &mut impl Write, equations: &[Origin]) -> fmt::Result {
    let mut labels: Vec<String> = Vec::new();
    for origin in equations {
        let label = origin.label.to_string();
        // An equation without a line may still have scopes.
        let label = label.strip_prefix('?').map_or(label.as_str(), str::trim_start);
        if !label.is_empty() && !labels.iter().any(|l| l == label) {
            labels.push(label.to_string());
        }
    }
    let more = labels.len().saturating_sub(NAMED);
    labels.truncate(NAMED);
    match (labels.is_empty(), more) {
        (true, _) => Ok(()),
        (false, 0) => write!(out, " @ {}", labels.join("; ")),
        (false, more) => write!(out, " @ {}; and {more} more", labels.join("; ")),
    }
}

impl Step {
    fn write(&self, out: &mut impl Write, pad: &str) -> fmt::Result {
        let results = self.results.iter().map(|y| format!("s{} {}: {}", y.slot, y.value, y.ty));
        write!(out, "{} = ", joined(results))?;
        match &self.work {
            Work::Fused(_) => out.write_str("fused")?,
            Work::Single(op) => write_op(out, op)?,
            Work::Copy { offset, strides } => write!(out, "copy {} of", strided(*offset, strides))?,
            Work::Fill(number) => write!(out, "fill {number:?}")?,
            Work::Scan { length, constants, states, reverse, .. } => {
                write!(out, "scan[length={length}, constants={constants}, states={states}, reverse={reverse}]")?
            }
        }
        if !self.operands.is_empty() {
            write!(out, " {}", joined(&self.operands))?;
        }
        write_labels(out, &self.equations)?;
        out.write_str("\n")?;
        match &self.work {
            Work::Fused(program) => program.write(out, &self.equations, pad),
            Work::Scan { body, .. } => body.write(out, pad),
            _ => Ok(()),
        }
    }
}

impl RegisterProgram {
    fn write(&self, out: &mut impl Write, equations: &[Origin], pad: &str) -> fmt::Result {
        for (i, load) in self.loads.iter().enumerate() {
            write!(out, "{pad}load {i}: ")?;
            match load {
                Load::Whole => out.write_str("whole")?,
                Load::One => out.write_str("its one number")?,
                Load::Mask { register } => write!(out, "bools into r{register}")?,
                Load::Strided { register, offset, strides } => {
                    write!(out, "{} into r{register}", strided(*offset, strides))?;
                }
            }
            out.write_str("\n")?;
        }
        for instruction in &self.instructions {
            match instruction.target {
                Target::Register(r) => write!(out, "{pad}r{r} = ")?,
                Target::Store(s) => write!(out, "{pad}store {s} = ")?,
            }
            let origin = equations.get(instruction.equation);
            let is_convert = origin.is_some_and(|origin| origin.op.kernel() == Kernel::Convert);
            match (instruction.action, origin) {
                (Action::Move(_), Some(_)) if !is_convert => out.write_str("copy")?,
                (_, Some(origin)) => write_op(out, &origin.op)?,
                (_, None) => out.write_str("?")?,
            }
            // A conversion to bool is a comparison with zero.
            let sources = instruction.action.sources().take(if is_convert { 1 } else { 3 });
            for source in sources {
                write!(out, " {source}")?;
            }
            write_labels(out, origin.map_or(&[], std::slice::from_ref))?;
            out.write_str("\n")?;
        }
        for (i, store) in self.stores.iter().enumerate() {
            if let Store::Mask { register } = store {
                writeln!(out, "{pad}store {i} = r{register} as bools")?;
            }
        }
        Ok(())
    }
}

impl Plan {
    fn write(&self, out: &mut impl Write, pad: &str) -> fmt::Result {
        let (steps, equations) = (count(self.steps.len(), "step"), count(self.equations, "equation"));
        writeln!(out, "{pad}plan {}: {steps} for {equations}", self.name)?;
        for (i, (v, ty)) in self.inputs.iter().enumerate() {
            writeln!(out, "{pad}  in{i} is {v}: {ty}")?;
        }
        for (i, (v, tensor)) in self.constants.iter().enumerate() {
            writeln!(out, "{pad}  const{i} is {v}: {}", tensor.ty())?;
        }
        for (v, storage) in self.storage.iter().enumerate() {
            match storage {
                Storage::Alias(root) => writeln!(out, "{pad}  v{v} is {root}")?,
                Storage::View { root, offset, strides } => {
                    writeln!(out, "{pad}  v{v} is {root} {}", strided(*offset, strides))?;
                }
                Storage::Number(x) => writeln!(out, "{pad}  v{v} is {x:?}")?,
                Storage::Input(_) | Storage::Constant(_) | Storage::Buffer => {}
            }
        }
        for (i, step) in self.steps.iter().enumerate() {
            write!(out, "{pad}  {i}: ")?;
            step.write(out, &format!("{pad}       "))?;
        }
        for output in &self.outputs {
            let how = if output.owned { "handed out" } else { "copied" };
            writeln!(out, "{pad}  return {} ({how})", output.operand)?;
        }
        let mut held: Vec<Vec<String>> = vec![Vec::new(); self.slots.len()];
        for y in self.steps.iter().flat_map(|step| &step.results) {
            if let Some(held) = held.get_mut(y.slot) {
                held.push(y.value.to_string());
            }
        }
        for (s, bytes) in self.slots.iter().enumerate() {
            writeln!(out, "{pad}  s{s}: {} for {}", count(*bytes, "byte"), held[s].join(", "))?;
        }
        let (bytes, slots) = (count(self.bytes(), "byte"), count(self.slots.len(), "slot"));
        write!(out, "{pad}  {bytes} in {slots}")?;
        if let Some((peak, step)) = self.peak() {
            write!(out, "; {peak} of them are needed at once (step {step})")?;
        }
        out.write_str("\n")
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "")
    }
}

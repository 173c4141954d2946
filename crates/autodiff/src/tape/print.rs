//! The text form: what a tape looks like, and what [`parse`](super::parse) reads back.
//!
//! ```text
//! tape f(v0: f64[8]) {
//!   v1: f64[8] = exp v0 @ src/main.rs:12:31 {layers.0@src/main.rs:9:5/gelu!@src/nn.rs:3:1} cotangent.1
//!   return v1
//! }
//! ```
//! After `@` stands the label: the line, the scopes with the lines that opened them (`!`: nonlinear inside), and role and
//! level where a transform made the equation. Constants of more than 16 elements print as `@k` with a checksum and live
//! in a side table, [`Tape::constants`].

use std::fmt::{self, Write};

use super::{Label, Param, Role, Tape};
use crate::dtype::DType;
use crate::tensor::Tensor;

/// Constants with more elements go to the side table.
pub(super) const INLINE_CONSTANT: usize = 16;

impl Tape {
    /// The side table of the text form: constants too large to print, in order of appearance.
    pub fn constants(&self) -> Vec<Tensor> {
        let mut table: Vec<Tensor> = Vec::new();
        self.for_each_equation(&mut |e| {
            for (_, p) in &e.op.params().0 {
                if let Param::Tensor(t) = p
                    && t.size() > INLINE_CONSTANT
                    && !table.contains(t)
                {
                    table.push(t.clone());
                }
            }
        });
        table
    }

    /// The text form without labels: short, for reading and for golden files.
    pub fn to_short_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, &self.constants(), 0, false).expect("writing to a string");
        text
    }

    fn write(&self, out: &mut impl Write, table: &[Tensor], depth: usize, labels: bool) -> fmt::Result {
        let pad = "  ".repeat(depth);
        write!(out, "tape {}(", self.name)?;
        for (i, v) in self.inputs.iter().enumerate() {
            write!(out, "{}{v}: {}", if i == 0 { "" } else { ", " }, self.type_of(*v))?;
        }
        out.write_str(") {\n")?;
        for e in &self.equations {
            write!(out, "{pad}  ")?;
            for (i, v) in e.outputs.iter().enumerate() {
                write!(out, "{}{v}: {}", if i == 0 { "" } else { ", " }, self.type_of(*v))?;
            }
            write!(out, "{}= {}", if e.outputs.is_empty() { "" } else { " " }, e.op.name())?;
            let params = e.op.params().0;
            if !params.is_empty() {
                out.write_str("[")?;
                for (i, (name, value)) in params.iter().enumerate() {
                    write!(out, "{}{name}=", if i == 0 { "" } else { ", " })?;
                    match value {
                        Param::Tensor(t) => write_constant(out, t, table)?,
                        other => write!(out, "{other}")?,
                    }
                }
                out.write_str("]")?;
            }
            for v in &e.inputs {
                write!(out, " {v}")?;
            }
            if !e.bodies.is_empty() {
                out.write_str(" with")?;
                for body in &e.bodies {
                    out.write_str(" ")?;
                    body.write(out, table, depth + 1, labels)?;
                }
            }
            if labels {
                write_label(out, &e.label)?;
            }
            out.write_str("\n")?;
        }
        write!(out, "{pad}  return")?;
        for v in &self.outputs {
            write!(out, " {v}")?;
        }
        write!(out, "\n{pad}}}")
    }
}

fn write_constant(out: &mut impl Write, t: &Tensor, table: &[Tensor]) -> fmt::Result {
    if t.size() > INLINE_CONSTANT {
        let k = table.iter().position(|c| c == t).expect("the table holds every large constant");
        return write!(out, "@{k} {}#{:016x}", t.ty(), t.checksum());
    }
    write!(out, "{}(", t.ty())?;
    for i in 0..t.size() {
        if i > 0 {
            out.write_str(",")?;
        }
        match t.dtype() {
            DType::F32 => write_float(out, t.stored::<f32>()[i], |x| u64::from(x.to_bits()), f32::NAN)?,
            DType::F64 => write_float(out, t.stored::<f64>()[i], f64::to_bits, f64::NAN)?,
            DType::I32 => write!(out, "{}", t.stored::<i32>()[i])?,
            DType::U32 => write!(out, "{}", t.stored::<u32>()[i])?,
            DType::Bool => write!(out, "{}", t.stored::<u8>()[i] != 0)?,
        }
    }
    out.write_str(")")
}

/// The shortest decimal that reads back to the same bits; a NaN with an unusual payload as its bits.
fn write_float<T: Copy + fmt::Debug + PartialOrd>(
    out: &mut impl Write,
    x: T,
    bits: fn(T) -> u64,
    nan: T,
) -> fmt::Result {
    let is_nan = x.partial_cmp(&x).is_none();
    if !is_nan || bits(x) == bits(nan) { write!(out, "{x:?}") } else { write!(out, "0x{:x}", bits(x)) }
}

fn escape(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if matches!(c, ' ' | '/' | '@' | '!' | '\\' | '{' | '}' | '\n') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A file name may hold `/`, which separates scopes elsewhere.
fn escape_file(name: &str) -> String {
    escape(name).replace("\\/", "/")
}

fn write_label(out: &mut impl Write, label: &Label) -> fmt::Result {
    if *label == Label::default() {
        return Ok(());
    }
    out.write_str(" @ ")?;
    match &label.line {
        Some(l) => write!(out, "{}:{}:{}", escape_file(&l.file), l.line, l.column)?,
        None => out.write_str("?")?,
    }
    if let Some(scope) = &label.scope {
        out.write_str(" {")?;
        for (i, s) in scope.chain().iter().enumerate() {
            let bang = if s.nonlinear { "!" } else { "" };
            let l = &s.line;
            let slash = if i == 0 { "" } else { " / " };
            write!(out, "{slash}{}{bang}@{}:{}:{}", escape(&s.name), escape_file(&l.file), l.line, l.column)?;
        }
        out.write_str("}")?;
    }
    match label.role {
        Role::Primal if label.level == 0 => Ok(()),
        Role::Primal => write!(out, " primal.{}", label.level),
        Role::Tangent => write!(out, " tangent.{}", label.level),
        Role::Cotangent => write!(out, " cotangent.{}", label.level),
    }
}

/// The whole text form, labels included; `parse` reads it back to an equal tape.
impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &self.constants(), 0, true)
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

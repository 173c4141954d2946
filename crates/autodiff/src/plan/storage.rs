//! Phase 1: how each value of the tape exists.
//!
//! Most of what moves data does no work. A reshape is the same array under another name; a broadcast, a permutation, a
//! slice or a reversal is the same array read in other steps; a constant of one number, and whatever is made by repeating
//! it, is an immediate operand. Only a view of a view is not followed: the inner one is written out (once), and the outer is
//! a view of that, because two sets of strides do not always compose into one.
//!
//! The rest, results of computations, are arrays in buffers.

use crate::dtype::DType;
use crate::shape::Shape;
use crate::tape::{Kernel, Tape, Value};
use crate::tensor::Tensor;

/// How a value exists.
#[derive(Clone, Debug, PartialEq)]
pub enum Storage {
    /// As an argument of the program.
    Input(usize),
    /// As a constant of the program.
    Constant(usize),
    /// In a buffer that a step writes.
    Buffer,
    /// In the array of another value, in the same order.
    Alias(Value),
    /// In the array of another value, elsewhere.
    View {
        /// The other value.
        root: Value,
        /// Where its first element is.
        offset: usize,
        /// How far apart neighbours along each axis are.
        strides: Vec<isize>,
    },
    /// One number everywhere.
    Number(f64),
}

/// How all values of a tape exist.
pub(super) struct Storages {
    /// By [`Value::index`].
    pub(super) of: Vec<Storage>,
    /// The equation that defines a value, by [`Value::index`]; inputs have none.
    pub(super) definition: Vec<Option<usize>>,
    pub(super) constants: Vec<(Value, Tensor)>,
}

impl Storages {
    pub(super) fn of(&self, v: Value) -> &Storage {
        &self.of[v.index()]
    }

    /// Whether the value is found by way of another one.
    pub(super) fn is_moved(&self, v: Value) -> bool {
        matches!(self.of(v), Storage::Alias(_) | Storage::View { .. })
    }

    /// The value itself, or the one whose array has the same elements in the same order.
    pub(super) fn without_alias(&self, v: Value) -> Value {
        match self.of(v) {
            Storage::Alias(root) => *root,
            _ => v,
        }
    }

    /// Follows aliases and views of views down to a value that is an array of its own, or a number.
    pub(super) fn root(&self, v: Value) -> Value {
        let mut v = v;
        while let Storage::Alias(root) | Storage::View { root, .. } = self.of(v) {
            v = *root;
        }
        v
    }
}

/// How each value of a lowered tape exists.
pub(super) fn storages(tape: &Tape) -> Storages {
    let mut s = Storages {
        of: vec![Storage::Buffer; tape.value_count()],
        definition: vec![None; tape.value_count()],
        constants: Vec::new(),
    };
    for (i, v) in tape.inputs().iter().enumerate() {
        s.of[v.index()] = Storage::Input(i);
    }
    for (i, e) in tape.equations().iter().enumerate() {
        for v in &e.outputs {
            s.definition[v.index()] = Some(i);
        }
        let y = e.outputs[0];
        let storage = match (e.op.kernel(), e.inputs.first()) {
            (Kernel::Constant(t), _) if t.size() == 1 && is_exact_as_f64(&t) => Storage::Number(t.item()),
            (Kernel::Constant(t), _) => {
                s.constants.push((y, t));
                Storage::Constant(s.constants.len() - 1)
            }
            (kernel, Some(x)) if kernel.is_movement() => moved(tape, &s, &kernel, *x, y),
            _ => Storage::Buffer,
        };
        s.of[y.index()] = storage;
    }
    s
}

/// How `y` exists, which a movement makes of `x`.
fn moved(tape: &Tape, s: &Storages, kernel: &Kernel, x: Value, y: Value) -> Storage {
    let root = match s.of(x) {
        Storage::Number(c) => return Storage::Number(*c),
        Storage::Alias(root) => *root,
        // An array, or a view that is to be written out and moved again.
        _ => x,
    };
    match view(kernel, &tape.type_of(x).shape, &tape.type_of(y).shape) {
        Some((offset, strides)) => Storage::View { root, offset, strides },
        None => Storage::Alias(root),
    }
}

/// Integers have no immediate operands, so they stay arrays; a NaN's payload would not survive.
fn is_exact_as_f64(t: &Tensor) -> bool {
    (t.dtype().is_float() || t.dtype() == DType::Bool) && !t.item().is_nan()
}

/// The view that a movement makes of a row-major operand: offset and strides over the result's axes. `None` if the elements
/// stay in order.
fn view(kernel: &Kernel, from: &Shape, to: &Shape) -> Option<(usize, Vec<isize>)> {
    let base = from.strides();
    match kernel {
        Kernel::Broadcast { axes } => {
            let mut strides = vec![0; to.len()];
            for (i, a) in axes.iter().enumerate() {
                strides[*a] = base[i];
            }
            Some((0, strides))
        }
        Kernel::Permute { order } => Some((0, order.iter().map(|i| base[*i]).collect())),
        Kernel::Slice { .. } | Kernel::Reverse { .. } if to.contains(&0) => Some((0, base)),
        Kernel::Slice { start, step } => {
            let offset = start.iter().zip(&base).map(|(s, b)| s * *b as usize).sum();
            Some((offset, base.iter().zip(step).map(|(b, s)| b * *s as isize).collect()))
        }
        Kernel::Reverse { axes } => {
            let offset = axes.iter().map(|a| (from[*a] - 1) * base[*a] as usize).sum();
            Some((offset, base.iter().enumerate().map(|(i, b)| if axes.contains(&i) { -b } else { *b }).collect()))
        }
        _ => None,
    }
}

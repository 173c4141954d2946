//! A fused group as data: loads, instructions, stores.
//!
//! The program runs chunk by chunk (`exec/fused.rs`). A chunk's intermediate results live in registers, and every instruction
//! is one loop over a chunk. Bools inside a group are the numbers 0 and 1.

use crate::dtype::DType;
use crate::shape::Shape;
use crate::tape::{Binary, Unary};

/// Most registers that are live at once; a group that needs more is cut in two.
pub const REGISTERS: usize = 24;
/// Most arrays that a group writes.
pub const STORES: usize = 8;
/// Most arrays that a group reads.
pub const LOADS: usize = 40;

/// Elementwise equations over one shape, in one pass over memory.
#[derive(Clone, Debug, PartialEq)]
pub struct RegisterProgram {
    /// The shape that all instructions run over.
    pub shape: Shape,
    /// The float type that it computes in; bools come in and go out as such.
    pub dtype: DType,
    /// How each operand of the step is read.
    pub loads: Vec<Load>,
    /// What is computed, in order.
    pub instructions: Vec<Instruction>,
    /// How each result of the step is written.
    pub stores: Vec<Store>,
}

/// How an operand is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// The whole array in order, in place.
    Whole,
    /// Its one number, everywhere.
    One,
    /// Bools in order, converted into a register.
    Mask {
        /// Which one.
        register: usize,
    },
    /// A view, copied into a register (and converted, if it is of bools).
    Strided {
        /// Which one.
        register: usize,
        /// Where in the operand the first element is.
        offset: usize,
        /// How far apart neighbours along each axis of the shape are.
        strides: Vec<isize>,
    },
}

impl Load {
    /// The register that it fills.
    pub fn register(&self) -> Option<usize> {
        match self {
            Load::Whole | Load::One => None,
            Load::Mask { register } | Load::Strided { register, .. } => Some(*register),
        }
    }
}

/// An argument of an instruction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// A register.
    Register(usize),
    /// An operand that is read in place.
    Load(usize),
    /// A number.
    Number(f64),
}

/// Where an instruction writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A register.
    Register(usize),
    /// Straight into a result.
    Store(usize),
}

/// What an instruction computes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// A function of one number.
    Unary(Unary, Source),
    /// A function of two numbers.
    Binary(Binary, Source, Source),
    /// `a ? b : c`.
    Select(Source, Source, Source),
    /// A copy (a bool becomes a number).
    Move(Source),
}

impl Action {
    /// Its arguments.
    pub fn sources(&self) -> impl Iterator<Item = Source> {
        let [a, b, c] = match *self {
            Action::Unary(_, x) | Action::Move(x) => [Some(x), None, None],
            Action::Binary(_, a, b) => [Some(a), Some(b), None],
            Action::Select(a, b, c) => [Some(a), Some(b), Some(c)],
        };
        [a, b, c].into_iter().flatten()
    }
}

/// One loop over a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// What it computes.
    pub action: Action,
    /// Where it writes; never one of its own arguments.
    pub target: Target,
    /// The equation it is part of, by its position in [`Step::equations`](super::Step::equations).
    pub equation: usize,
}

/// How a result is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Store {
    /// By an instruction that has it as its target.
    Whole,
    /// From a register at the end of a chunk, numbers as bools.
    Mask {
        /// Which one.
        register: usize,
    },
}

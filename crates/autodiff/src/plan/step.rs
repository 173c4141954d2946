//! What a plan is made of: places, operands, steps.

use std::sync::Arc;

use super::{Plan, RegisterProgram};
use crate::shape::Type;
use crate::tape::{Label, Op, Tape, Value};

/// Where an array is found while a program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An argument of the program.
    Input(usize),
    /// A constant of the program.
    Constant(usize),
    /// A buffer of the program, one of [`Plan::slots`].
    Slot(usize),
}

impl Place {
    /// The slot, if it is one.
    pub fn slot(self) -> Option<usize> {
        match self {
            Place::Slot(s) => Some(s),
            _ => None,
        }
    }
}

/// An array that a step reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Where it is.
    pub place: Place,
    /// The value that the place is meant to hold at this moment.
    pub value: Value,
    /// As what type it is read: a reshaped value has another shape than the array that holds it.
    pub ty: Type,
    /// For products: all axes but the last two repeat one matrix, and the place holds that matrix alone.
    pub repeats: bool,
}

/// An array that a step writes. Inputs and constants cannot be named here.
#[derive(Clone, Debug, PartialEq)]
pub struct Destination {
    /// The slot.
    pub slot: usize,
    /// The value that the slot holds from now on.
    pub value: Value,
    /// Its type.
    pub ty: Type,
}

/// An equation of the tape, as the step that computes it remembers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// Its number in the tape.
    pub equation: usize,
    /// Its primitive.
    pub op: Op,
    /// Its operands in the tape.
    pub inputs: Vec<Value>,
    /// Its results in the tape.
    pub outputs: Vec<Value>,
    /// The tape that it runs, if it is a loop.
    pub bodies: Vec<Arc<Tape>>,
    /// The user's line, the scopes.
    pub label: Label,
}

/// What a step does with its operands and results.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Work {
    /// Many elementwise equations in one pass: the operands are the program's loads, the results its stores.
    Fused(Box<RegisterProgram>),
    /// One primitive by a kernel of its own.
    Single(Op),
    /// A view of the operand written out in row-major order.
    Copy {
        /// Where in the operand the first element is.
        offset: usize,
        /// How far apart neighbours along each axis of the result are.
        strides: Vec<isize>,
    },
    /// One number everywhere.
    Fill(f64),
    /// A loop: the body's plan, once for each element of the stacked operands.
    ///
    /// Operands are constants, states, then stacked arrays; results are the last states, then stacked arrays.
    Scan {
        /// How many times the body runs.
        length: usize,
        /// How many operands are the same every time.
        constants: usize,
        /// How many arrays the state is.
        states: usize,
        /// From the last element to the first.
        reverse: bool,
        /// The body.
        body: Arc<Plan>,
    },
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub work: Work,
    /// What it reads.
    pub operands: Vec<Read>,
    /// What it writes.
    pub results: Vec<Destination>,
    /// The equations that it computes, in the order of the tape.
    pub equations: Vec<Origin>,
}

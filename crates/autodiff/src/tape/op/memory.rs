//! What a step reads and writes, as typed slices: all that a primitive's `run` gets to see.

use quadric_kernels::{Arena, Element};

use crate::shape::Type;

/// An operand of a step, in row-major order.
#[derive(Clone, Copy, Debug)]
pub struct Operand<'a> {
    /// Its type.
    pub ty: &'a Type,
    /// Whether all axes but the last two repeat one matrix, which alone is stored.
    pub repeats: bool,
    arena: &'a Arena,
}

impl<'a> Operand<'a> {
    /// The operand of this type in `arena`.
    pub(crate) fn new(ty: &'a Type, repeats: bool, arena: &'a Arena) -> Operand<'a> {
        Operand { ty, repeats, arena }
    }

    /// Its elements as they are stored (a bool as a byte).
    pub fn elements<T: Element>(&self) -> &'a [T] {
        let shape = &self.ty.shape;
        let stored = if self.repeats { &shape[shape.rank() - 2..] } else { shape };
        self.arena.view(0, stored.iter().product())
    }
}

/// The output of a step, in row-major order. What it holds before is not read.
#[derive(Debug)]
pub struct Output<'a> {
    /// Its type.
    pub ty: &'a Type,
    /// How many threads may fill it; the number changes no bit.
    pub threads: usize,
    arena: &'a mut Arena,
}

impl<'a> Output<'a> {
    /// The output of this type in `arena`.
    pub(crate) fn new(ty: &'a Type, threads: usize, arena: &'a mut Arena) -> Output<'a> {
        Output { ty, threads, arena }
    }

    /// Its elements, to be written.
    pub fn elements<T: Element>(&mut self) -> &mut [T] {
        self.arena.view_mut(0, self.ty.shape.size())
    }
}

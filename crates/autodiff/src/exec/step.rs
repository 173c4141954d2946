//! One step of a program: a kernel call with its operands resolved to storage.

use std::sync::Arc;

use quadric_kernels::{Arena, Element, Real, copy};

use super::fused::{Chunked, Fused, Input, LOADS, STORES};
use super::loops::Loop;
use crate::dtype::{DType, by_dtype};
use crate::error::Error;
use crate::shape::Type;
use crate::tape::{Label, Op, Operand, Output};
use crate::tensor::Tensor;

/// Where a value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// An argument of the program.
    Input(usize),
    /// A constant of the program.
    Constant(usize),
    /// A buffer of the program.
    Slot(usize),
}

/// An operand of a single kernel.
#[derive(Clone, Debug)]
pub(super) struct Operated {
    pub(super) place: Place,
    pub(super) ty: Type,
    /// For products: the batch axes repeat one matrix.
    pub(super) repeats: bool,
}

#[derive(Debug)]
pub(super) enum Work {
    /// One elementwise pass.
    Fused { fused: Box<Fused>, dtype: DType, inputs: Vec<(Place, bool)>, outputs: Vec<usize> },
    /// One kernel.
    Single { op: Op, inputs: Vec<Operated>, output: usize, ty: Type },
    /// A strided view written out.
    Copy { from: Place, offset: usize, strides: Vec<isize>, output: usize, ty: Type },
    /// A loop.
    Scan(Box<Loop>),
    /// One number everywhere.
    Fill { number: f64, output: usize, ty: Type },
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) label: Label,
}

/// The storage that steps read and write. A step takes the buffers it writes out of `slots`, so that reading the others
/// needs no more than a shared borrow.
pub(super) struct Memory<'a> {
    pub(super) inputs: &'a [&'a Tensor],
    pub(super) constants: &'a [Tensor],
    pub(super) slots: &'a mut [Option<Arc<Arena>>],
    pub(super) threads: usize,
}

impl Memory<'_> {
    pub(super) fn arena(&self, place: Place) -> &Arena {
        match place {
            Place::Input(i) => self.inputs[i].storage(),
            Place::Constant(k) => self.constants[k].storage(),
            Place::Slot(s) => self.slots[s].as_ref().expect("no step reads what it writes"),
        }
    }

    fn operand<'a>(&'a self, x: &'a Operated) -> Operand<'a> {
        Operand::new(&x.ty, x.repeats, self.arena(x.place))
    }
}

fn write<T: Element>(arena: &mut Arc<Arena>, len: usize) -> &mut [T] {
    Arc::get_mut(arena).expect("buffers are handed out unshared").view_mut(0, len)
}

impl Step {
    pub(super) fn run(&self, memory: &mut Memory<'_>) -> Result<(), Error> {
        match &self.work {
            Work::Fused { fused, dtype: DType::F64, inputs, outputs } => {
                run_fused::<f64>(fused, inputs, outputs, memory)
            }
            Work::Fused { fused, inputs, outputs, .. } => run_fused::<f32>(fused, inputs, outputs, memory),
            Work::Single { op, inputs, output, ty } => {
                let mut out = memory.slots[*output].take().expect("every slot has a buffer");
                let result = single(op, inputs, ty, &mut out, memory);
                memory.slots[*output] = Some(out);
                return result.map_err(|e| self.blame(e));
            }
            Work::Scan(body) => return body.run(memory).map_err(|e| self.blame(e)),
            Work::Copy { from, offset, strides, output, ty } => {
                let mut out = memory.slots[*output].take().expect("every slot has a buffer");
                by_dtype!(ty.dtype, T => {
                    let arena = memory.arena(*from);
                    let x: &[T] = arena.view(0, arena.len() / size_of::<T>());
                    copy::strided(write::<T>(&mut out, ty.shape.size()), &ty.shape, x, *offset, strides);
                });
                memory.slots[*output] = Some(out);
            }
            Work::Fill { number, output, ty } => {
                let out = memory.slots[*output].as_mut().expect("every slot has a buffer");
                by_dtype!(ty.dtype, T => write::<T>(out, ty.shape.size()).fill(*number as T));
            }
        }
        Ok(())
    }

    /// The error with the user's line.
    fn blame(&self, e: Error) -> Error {
        match self.label.user_line() {
            Some(line) => e.at(line),
            None => e,
        }
    }
}

fn run_fused<T: Real>(fused: &Fused, inputs: &[(Place, bool)], outputs: &[usize], memory: &mut Memory<'_>) {
    let len = fused.dims.iter().product();
    let mut taken: [Option<Arc<Arena>>; STORES] = [const { None }; STORES];
    for (arena, slot) in taken.iter_mut().zip(outputs) {
        *arena = memory.slots[*slot].take();
    }
    {
        let mut args: [Option<Input<'_, T>>; LOADS] = [None; LOADS];
        for (arg, (place, mask)) in args.iter_mut().zip(inputs) {
            let arena = memory.arena(*place);
            *arg = Some(if *mask {
                Input::Mask(arena.view(0, arena.len()))
            } else {
                Input::Real(arena.view(0, arena.len() / size_of::<T>()))
            });
        }
        let mut outs: [Option<Chunked<'_, T>>; STORES] = [const { None }; STORES];
        for ((out, arena), store) in outs.iter_mut().zip(&mut taken).zip(&fused.stores) {
            let arena = arena.as_mut().expect("every slot has a buffer");
            *out = Some(if store.mask { Chunked::Mask(write(arena, len)) } else { Chunked::Real(write(arena, len)) });
        }
        fused.run(&args[..inputs.len()], outs, memory.threads);
    }
    for (arena, slot) in taken.into_iter().zip(outputs) {
        memory.slots[*slot] = arena;
    }
}

/// Runs a primitive that is a step of its own; operands are put together without allocating where there are few.
fn single(op: &Op, inputs: &[Operated], ty: &Type, out: &mut Arc<Arena>, memory: &Memory<'_>) -> Result<(), Error> {
    let arena = Arc::get_mut(out).expect("buffers are handed out unshared");
    let mut output = Output::new(ty, memory.threads, arena);
    match inputs {
        [] => op.run(&[], &mut output),
        [a] => op.run(&[memory.operand(a)], &mut output),
        [a, b] => op.run(&[memory.operand(a), memory.operand(b)], &mut output),
        [a, b, c] => op.run(&[memory.operand(a), memory.operand(b), memory.operand(c)], &mut output),
        many => op.run(&many.iter().map(|x| memory.operand(x)).collect::<Vec<_>>(), &mut output),
    }
}

//! One step of a program: a kernel call with its operands resolved to storage.

use std::sync::Arc;

use quadric_kernels::{Arena, Element, Real, copy};

use super::fused::{Chunked, Input};
use crate::dtype::{DType, by_dtype};
use crate::error::Error;
use crate::plan::{self, LOADS, Place, RegisterProgram, STORES, Step, Store, Work};
use crate::shape::Type;
use crate::tape::{Op, Operand, Output, Value};
use crate::tensor::Tensor;

/// The storage that steps read and write. A step takes the buffers it writes out of `slots`, so that reading the others
/// needs no more than a shared borrow.
pub(super) struct Memory<'a> {
    pub(super) inputs: &'a [&'a Tensor],
    pub(super) constants: &'a [(Value, Tensor)],
    pub(super) slots: &'a mut [Option<Arc<Arena>>],
    pub(super) threads: usize,
}

impl Memory<'_> {
    pub(super) fn arena(&self, place: Place) -> &Arena {
        match place {
            Place::Input(i) => self.inputs[i].storage(),
            Place::Constant(k) => self.constants[k].1.storage(),
            Place::Slot(s) => self.slots[s].as_ref().expect("no step reads what it writes"),
        }
    }

    fn operand<'a>(&'a self, x: &'a plan::Read) -> Operand<'a> {
        Operand::new(&x.ty, x.repeats, self.arena(x.place))
    }
}

fn write<T: Element>(arena: &mut Arc<Arena>, len: usize) -> &mut [T] {
    Arc::get_mut(arena).expect("buffers are handed out unshared").view_mut(0, len)
}

impl Step {
    /// Runs any step but a loop.
    pub(super) fn run(&self, memory: &mut Memory<'_>) -> Result<(), Error> {
        if let Work::Fused(program) = &self.work {
            match program.dtype {
                DType::F64 => run_fused::<f64>(program, self, memory),
                _ => run_fused::<f32>(program, self, memory),
            }
            return Ok(());
        }
        let [y] = &*self.results else { unreachable!("only groups and loops have many results") };
        let mut out = memory.slots[y.slot].take().expect("every slot has a buffer");
        let done = match &self.work {
            Work::Copy { offset, strides } => {
                by_dtype!(y.ty.dtype, T => {
                    let arena = memory.arena(self.operands[0].place);
                    let x: &[T] = arena.view(0, arena.len() / size_of::<T>());
                    copy::strided(write::<T>(&mut out, y.ty.shape.size()), &y.ty.shape, x, *offset, strides);
                });
                Ok(())
            }
            Work::Fill(number) => {
                by_dtype!(y.ty.dtype, T => write::<T>(&mut out, y.ty.shape.size()).fill(*number as T));
                Ok(())
            }
            Work::Single(op) => single(op, &self.operands, &y.ty, &mut out, memory),
            Work::Fused(_) | Work::Scan { .. } => unreachable!("a group was run above, a loop is run by the program"),
        };
        memory.slots[y.slot] = Some(out);
        done.map_err(|e| self.blame(e))
    }

    /// The error with the scopes and the user's line.
    pub(super) fn blame(&self, e: Error) -> Error {
        match self.equations.first() {
            Some(origin) => origin.label.blame(e),
            None => e,
        }
    }
}

fn run_fused<T: Real>(program: &RegisterProgram, step: &Step, memory: &mut Memory<'_>) {
    let len = program.shape.size();
    let mut taken: [Option<Arc<Arena>>; STORES] = [const { None }; STORES];
    for (arena, y) in taken.iter_mut().zip(&step.results) {
        *arena = memory.slots[y.slot].take();
    }
    {
        let mut args: [Option<Input<'_, T>>; LOADS] = [None; LOADS];
        for (arg, x) in args.iter_mut().zip(&step.operands) {
            let arena = memory.arena(x.place);
            *arg = Some(match x.ty.dtype {
                DType::Bool => Input::Mask(arena.view(0, arena.len())),
                _ => Input::Real(arena.view(0, arena.len() / size_of::<T>())),
            });
        }
        let mut outs: [Option<Chunked<'_, T>>; STORES] = [const { None }; STORES];
        for ((out, arena), store) in outs.iter_mut().zip(&mut taken).zip(&program.stores) {
            let arena = arena.as_mut().expect("every slot has a buffer");
            *out = Some(match store {
                Store::Mask { .. } => Chunked::Mask(write(arena, len)),
                Store::Whole => Chunked::Real(write(arena, len)),
            });
        }
        program.run(&args[..step.operands.len()], outs, memory.threads);
    }
    for (arena, y) in taken.into_iter().zip(&step.results) {
        memory.slots[y.slot] = arena;
    }
}

/// Runs a primitive that is a step of its own; operands are put together without allocating where there are few.
fn single(op: &Op, inputs: &[plan::Read], ty: &Type, out: &mut Arc<Arena>, memory: &Memory<'_>) -> Result<(), Error> {
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

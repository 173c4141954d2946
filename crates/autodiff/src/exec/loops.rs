//! Running a `scan`: the body's own program, once a step, on slices of the stacked arrays.

use std::cell::RefCell;
use std::sync::Arc;

use quadric_kernels::Arena;

use super::program::Program;
use super::step::{Memory, Place};
use crate::error::Error;
use crate::shape::Type;
use crate::tensor::Tensor;

/// A loop, ready to run.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) length: usize,
    pub(super) constants: usize,
    pub(super) states: usize,
    pub(super) reverse: bool,
    /// A step runs inside a shared plan, and the body's buffers change.
    pub(super) body: RefCell<Program>,
    pub(super) inputs: Vec<(Place, Type)>,
    /// Slots and types of one step's results: states, then outputs.
    pub(super) outputs: Vec<(usize, Type)>,
}

impl Loop {
    pub(super) fn run(&self, memory: &mut Memory<'_>) -> Result<(), Error> {
        let mut taken: Vec<Arc<Arena>> =
            self.outputs.iter().map(|(s, _)| memory.slots[*s].take().expect("every slot has a buffer")).collect();
        let done = self.steps(&mut taken, memory);
        for ((slot, _), arena) in self.outputs.iter().zip(taken) {
            memory.slots[*slot] = Some(arena);
        }
        done
    }

    fn steps(&self, taken: &mut [Arc<Arena>], memory: &Memory<'_>) -> Result<(), Error> {
        let mut body = self.body.borrow_mut();
        let whole = self.constants + self.states;
        let mut args: Vec<Tensor> = self.inputs[..whole]
            .iter()
            .map(|(place, ty)| {
                // A copy: the state changes, and a shared constant would keep its buffer from being reused.
                let mut arena = Arena::new(ty.bytes());
                arena.view_mut::<u8>(0, ty.bytes()).copy_from_slice(memory.arena(*place).view(0, ty.bytes()));
                Tensor::from_parts(ty.clone(), Arc::new(arena))
            })
            .collect();
        args.extend(self.inputs[whole..].iter().map(|(_, ty)| Tensor::zeros(ty.clone())));
        let mut results: Vec<Tensor> = self.outputs.iter().map(|(_, ty)| Tensor::zeros(ty.clone())).collect();
        for step in 0..self.length {
            let at = if self.reverse { self.length - 1 - step } else { step };
            for ((place, ty), arg) in self.inputs[whole..].iter().zip(&mut args[whole..]) {
                let bytes = ty.bytes();
                // A body that returns its input has handed this very storage on, as a state or as a result.
                arg.fresh_bytes().copy_from_slice(memory.arena(*place).view(at * bytes, bytes));
            }
            let refs: Vec<&Tensor> = args.iter().collect();
            body.run(&refs, &mut results)?;
            for (result, (arena, (_, ty))) in results.iter().zip(taken.iter_mut().zip(&self.outputs)).skip(self.states)
            {
                let bytes = ty.bytes();
                let to = Arc::get_mut(arena).expect("buffers are handed out unshared");
                to.view_mut::<u8>(at * bytes, bytes).copy_from_slice(result.bytes());
            }
            for i in 0..self.states {
                std::mem::swap(&mut args[self.constants + i], &mut results[i]);
            }
        }
        for i in 0..self.states {
            let state = &args[self.constants + i];
            let to = Arc::get_mut(&mut taken[i]).expect("buffers are handed out unshared");
            to.view_mut::<u8>(0, state.bytes().len()).copy_from_slice(state.bytes());
        }
        Ok(())
    }
}

//! Running a `scan`: the body's own program, once a step, on slices of the stacked arrays.

use std::sync::Arc;

use quadric_kernels::Arena;

use super::step::Memory;
use crate::error::Error;
use crate::plan::{Step, Work};
use crate::shape::Type;
use crate::tensor::Tensor;

/// Runs a body on arguments, into results.
pub(super) type Body<'a> = dyn FnMut(&[&Tensor], &mut [Tensor]) -> Result<(), Error> + 'a;

/// Runs a step that is a loop.
pub(super) fn run(step: &Step, body: &mut Body<'_>, memory: &mut Memory<'_>) -> Result<(), Error> {
    let mut taken: Vec<Arc<Arena>> =
        step.results.iter().map(|y| memory.slots[y.slot].take().expect("every slot has a buffer")).collect();
    let done = iterate(step, body, &mut taken, memory);
    for (y, arena) in step.results.iter().zip(taken) {
        memory.slots[y.slot] = Some(arena);
    }
    done
}

fn iterate(step: &Step, body: &mut Body<'_>, taken: &mut [Arc<Arena>], memory: &Memory<'_>) -> Result<(), Error> {
    let Work::Scan { length, constants, states, reverse, body: plan } = &step.work else {
        unreachable!("only loops have bodies");
    };
    let whole = constants + states;
    let types: Vec<&Type> = plan.inputs.iter().map(|(_, ty)| ty).collect();
    let mut args: Vec<Tensor> = step.operands[..whole]
        .iter()
        .zip(&types)
        .map(|(x, ty)| {
            // A copy: the state changes, and a shared constant would keep its buffer from being reused.
            let mut arena = Arena::new(ty.bytes());
            arena.view_mut::<u8>(0, ty.bytes()).copy_from_slice(memory.arena(x.place).view(0, ty.bytes()));
            Tensor::from_parts((*ty).clone(), Arc::new(arena))
        })
        .collect();
    args.extend(types[whole..].iter().map(|ty| Tensor::zeros((*ty).clone())));
    let mut results: Vec<Tensor> = plan.outputs.iter().map(|output| Tensor::zeros(output.operand.ty.clone())).collect();
    for i in 0..*length {
        let at = if *reverse { length - 1 - i } else { i };
        for ((x, ty), arg) in step.operands[whole..].iter().zip(&types[whole..]).zip(&mut args[whole..]) {
            let bytes = ty.bytes();
            // A body that returns its input has handed this very storage on, as a state or as a result.
            arg.fresh_bytes().copy_from_slice(memory.arena(x.place).view(at * bytes, bytes));
        }
        let refs: Vec<&Tensor> = args.iter().collect();
        body(&refs, &mut results)?;
        for (result, arena) in results.iter().zip(taken.iter_mut()).skip(*states) {
            let bytes = result.bytes().len();
            let to = Arc::get_mut(arena).expect("buffers are handed out unshared");
            to.view_mut::<u8>(at * bytes, bytes).copy_from_slice(result.bytes());
        }
        for i in 0..*states {
            std::mem::swap(&mut args[constants + i], &mut results[i]);
        }
    }
    for i in 0..*states {
        let state = &args[constants + i];
        let to = Arc::get_mut(&mut taken[i]).expect("buffers are handed out unshared");
        to.view_mut::<u8>(0, state.bytes().len()).copy_from_slice(state.bytes());
    }
    Ok(())
}

//! A batch of evaluations as one: from a tape for `f` to a tape for `f` over a new axis.
//!
//! One forward walk. Every value either has the batch axis, and then it is axis 0, or does not depend on it. Each
//! primitive says itself what it does with a batch; the result is a batched equation, never a loop.

use super::{Plain, at, check_flags};
use crate::error::Error;
use crate::ops::Ops;
use crate::tape::{Batched, Builder, Tape, Value};

/// The tape over a batch of `size`: flagged inputs get axis 0 of that size, and so does every output.
///
/// # Errors
/// [`ErrorKind::NoRule`](crate::ErrorKind::NoRule) for a primitive that cannot be batched; [`ErrorKind::Shape`](crate::ErrorKind::Shape)
/// if a batch of some array would be too large or have too many axes.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| (x * x).sum(), &tensor![1.0, 3.0])?;
/// let batched = transform::vmap(&tape, &[true], 2)?; // f64[2,2] → f64[2]
/// let out = Program::new(&batched, &Options::default()).call(&[&tensor![[1.0, 3.0], [0.0, 2.0]]])?;
/// assert_eq!(out[0], tensor![10.0, 4.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn vmap(tape: &Tape, batched: &[bool], size: usize) -> Result<Tape, Error> {
    check_flags(tape, batched, "vmap")?;
    for e in tape.equations() {
        let fits = e.outputs.iter().try_for_each(|v| tape.type_of(*v).batched(size).check());
        fits.map_err(|error| at(error.within("vmap"), e))?;
    }
    let mut b = Builder::new(tape.name());
    let mut map: Vec<Option<Batched>> = vec![None; tape.value_count()];
    for (v, flag) in tape.inputs().iter().zip(batched) {
        let ty = tape.type_of(*v);
        let value = b.input(if *flag { ty.batched(size) } else { ty.clone() });
        map[v.index()] = Some(Batched { value, batched: *flag });
    }
    for e in tape.equations() {
        let inputs: Vec<Batched> = e.inputs.iter().map(|v| map[v.index()].expect("in order")).collect();
        b.set_label(e.label.clone());
        let outputs = if inputs.iter().any(|x| x.batched) {
            e.op.vmap(&mut b, &inputs, &e.bodies, size, &Plain).map_err(|error| at(error, e))?
        } else {
            let inputs: Vec<Value> = inputs.iter().map(|x| x.value).collect();
            let outputs = b.emit_all(e.op.clone(), &inputs, e.bodies.clone())?;
            outputs.into_iter().map(|value| Batched { value, batched: false }).collect()
        };
        for (v, new) in e.outputs.iter().zip(outputs) {
            map[v.index()] = Some(new);
        }
    }
    b.set_label(Default::default());
    let outputs = tape.outputs().iter().map(|v| map[v.index()].expect("defined")).collect::<Vec<_>>();
    let outputs = outputs.into_iter().map(|x| b.with_batch_axis(x, size)).collect();
    Ok(b.finish_live(outputs))
}

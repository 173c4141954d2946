//! A batch of evaluations as one: from a tape for `f` to a tape for `f` over a new axis.
//!
//! One forward walk. Every value either has the batch axis, and then it is axis 0, or does not depend on it. Each
//! primitive says itself what it does with a batch; the result is a batched equation, never a loop.

use super::{at, check_flags};
use crate::error::Error;
use crate::ops::Ops;
use crate::tape::{BatchBodies, Batched, Copier, Tape, Value};

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
    // An input without the batch may be repeated along it.
    tape.inputs().iter().try_for_each(|v| tape.type_of(*v).batched(size).check()).map_err(|e| e.within("vmap"))?;
    for e in tape.equations() {
        let fits = e.outputs.iter().try_for_each(|v| tape.type_of(*v).batched(size).check());
        fits.map_err(|error| at(error.within("vmap"), e))?;
    }
    let mut copier = Copier::new(tape, tape.name());
    let mut has_batch = vec![false; tape.value_count()];
    for (v, flag) in tape.inputs().iter().zip(batched) {
        let ty = tape.type_of(*v);
        let value = copier.builder.input(if *flag { ty.batched(size) } else { ty.clone() });
        copier.renamed.put(*v, value);
        has_batch[v.index()] = *flag;
    }
    for e in tape.equations() {
        if !e.inputs.iter().any(|v| has_batch[v.index()]) {
            copier.copy(e)?;
            continue;
        }
        let inputs: Vec<Batched> =
            e.inputs.iter().map(|v| Batched { value: copier.renamed.of(*v), batched: has_batch[v.index()] }).collect();
        let b = &mut copier.builder;
        b.set_label(e.label.clone());
        let outputs = e.op.vmap(b, &inputs, &e.bodies, size, &Bodies).map_err(|error| at(error, e))?;
        for (v, new) in e.outputs.iter().zip(outputs) {
            copier.renamed.put(*v, new.value);
            has_batch[v.index()] = new.batched;
        }
    }
    let Copier { builder: mut b, renamed, .. } = copier;
    b.set_label(Default::default());
    let output = |v: &Value| Batched { value: renamed.of(*v), batched: has_batch[v.index()] };
    let outputs = tape.outputs().iter().map(|v| b.with_batch_axis(output(v), size)).collect();
    Ok(b.finish_live(outputs))
}

/// Bodies are batched as any tape is.
struct Bodies;

impl BatchBodies for Bodies {
    fn vmap(&self, body: &Tape, batched: &[bool], size: usize) -> Result<Tape, Error> {
        vmap(body, batched, size)
    }
}

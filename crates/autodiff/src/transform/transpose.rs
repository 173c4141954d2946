//! The transpose of a linear program.

use super::{check_linear, vjp};
use crate::error::Error;
use crate::ops::Ops;
use crate::tape::{Builder, Tape, Value};

/// The transpose of a linear tape: from `(r…, ẋ…) → ẏ…` to `(r…, ȳ…) → x̄…`, where `linear` flags the ẋ.
///
/// # Errors
/// [`ErrorKind::Declaration`](crate::ErrorKind::Declaration) if the tape is not linear in the flagged inputs.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, Tensor, tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| x.slice(0, 1..3).sum(), &tensor![0.0, 0.0, 0.0])?;
/// let transposed = transform::transpose(&tape, &[true])?;
/// let out = Program::new(&transposed, &Options::default()).call(&[&Tensor::scalar(2.0)])?;
/// assert_eq!(out[0], tensor![0.0, 2.0, 2.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn transpose(tape: &Tape, linear: &[bool]) -> Result<Tape, Error> {
    check_linear(tape, linear)?;
    let reverse = vjp(tape, linear)?.tape;
    // Linear in ẋ, so the transpose is the same at every ẋ. Equations with bodies still take it as an operand: they get zeros.
    let mut b = Builder::new(tape.name());
    let args: Vec<Value> = reverse
        .inputs()
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let ty = reverse.type_of(*v).clone();
            if linear.get(i) == Some(&true) { b.full(&ty, 0.0) } else { b.input(ty) }
        })
        .collect();
    let outputs = b.inline(&reverse, &args).split_off(tape.outputs().len());
    Ok(b.finish_live(outputs))
}

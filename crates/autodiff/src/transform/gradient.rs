//! Reverse mode of one number, which needs no cotangent from outside.

use super::{Reverse, vjp};
use crate::error::{Error, ErrorKind};
use crate::ops::Ops;
use crate::tape::{Builder, Tape, Value};

/// `(x…) → (y, x̄ of the chosen x…)` for a tape with one scalar result y, whose cotangent is `seed`: with 1 the gradient.
///
/// # Errors
/// [`ErrorKind::NotScalar`] if the tape does not return one float; as [`vjp`].
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| (x * x).sum(), &tensor![1.0, 3.0])?;
/// let gradient = transform::gradient(&tape, &[true], 1.0)?.tape;
/// let out = Program::new(&gradient, &Options::default()).call(&[&tensor![1.0, 3.0]])?;
/// assert_eq!((out[0].item(), &out[1]), (10.0, &tensor![2.0, 6.0]));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn gradient(tape: &Tape, wrt: &[bool], seed: f64) -> Result<Reverse, Error> {
    let types = tape.output_types();
    let [ty] = &types[..] else {
        return Err(Error::new(
            ErrorKind::NotScalar,
            format!("gradient: the tape {} has {} results", tape.name(), types.len()),
        ));
    };
    if ty.shape.rank() != 0 || !ty.dtype.is_float() {
        let what = format!("gradient: the tape {} returns {ty}, one float is needed", tape.name());
        return Err(Error::new(ErrorKind::NotScalar, what));
    }
    let reverse = vjp(tape, wrt)?;
    let mut b = Builder::new(tape.name());
    let mut args: Vec<Value> = tape.input_types().into_iter().map(|t| b.input(t)).collect();
    args.push(b.full(ty, seed));
    let outputs = b.inline(&reverse.tape, &args);
    Ok(Reverse { tape: b.finish_live(outputs), ..reverse })
}

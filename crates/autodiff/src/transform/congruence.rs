//! `Jᵀ K J`: a linear map at the value of a function, seen from its inputs.

use super::{chosen, jvp, vjp};
use crate::error::{Error, bail};
use crate::tape::{Builder, Tape, Value};

/// `(x…, s…, ẋ…) → x̄…` with `x̄ = Jᵀ K(z, s) J ẋ`, for a tape `(x…) → z` and a tape `(z, ż, s…) → K(z, s) ż` of z's type.
///
/// Forward to z, K there, and back. With K the second derivative of a loss in z this is Gauss-Newton; no loss is
/// differentiated here, so K may be anything that has a closed form.
///
/// # Errors
/// [`ErrorKind::Arity`](crate::ErrorKind::Arity), [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the tapes do not fit
/// each other; as [`jvp`] and [`vjp`].
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var}, transform};
/// // z = x², K = 10: Jᵀ K J = 10 (2x)².
/// let model = trace::trace(|x: Var| x * x, &tensor![1.0, 3.0])?;
/// let middle = trace::trace(|(_, z_dot): (Var, Var)| z_dot * 10.0, &(tensor![0.0, 0.0], tensor![0.0, 0.0]))?;
/// let product = transform::congruence(&model, &[true], &middle)?;
/// let out = Program::new(&product, &Options::default()).call(&[&tensor![1.0, 3.0], &tensor![1.0, 1.0]])?;
/// assert_eq!(out, [tensor![40.0, 360.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn congruence(tape: &Tape, wrt: &[bool], middle: &Tape) -> Result<Tape, Error> {
    let (z, given) = (tape.output_types(), middle.input_types());
    let [z] = &z[..] else { bail!(Arity, "congruence: the tape {} has {} results", tape.name(), z.len()) };
    if given.len() < 2 || middle.outputs().len() != 1 {
        bail!(Arity, "congruence: the middle has {} inputs and {} results", given.len(), middle.outputs().len());
    }
    for ty in [&given[0], &given[1], middle.type_of(middle.outputs()[0])] {
        if ty != z {
            bail!(Shape, "congruence: the middle is of {ty}, the value is {z}");
        }
    }
    let forward = jvp(tape, wrt)?.tape;
    let reverse = vjp(tape, wrt)?.tape;

    let mut b = Builder::new(tape.name());
    let x: Vec<Value> = tape.input_types().into_iter().map(|t| b.input(t)).collect();
    let s: Vec<Value> = given[2..].iter().map(|t| b.input(t.clone())).collect();
    let x_dot: Vec<Value> = chosen(tape, wrt).map(|t| b.input(t)).collect();
    let z_and_dot = b.inline(&forward, &[&x[..], &x_dot].concat());
    let u = b.inline(middle, &[z_and_dot, s].concat());
    let x_bar = b.inline(&reverse, &[x, u].concat()).split_off(1);
    Ok(b.finish_live(x_bar))
}

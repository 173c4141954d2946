//! A function opened at its cut: what leads to it, and what follows it.
//!
//! With `z = cut("z", …)` a function is `f = loss ∘ model`. [`to_cut`] is the model; [`offset_at_cut`] lets something else
//! than the model into the loss, so that its derivative is that of the loss alone.

use crate::error::{Error, bail};
use crate::ops::{Cut, Ops};
use crate::tape::{Copier, Equation, Tape};

/// `(x…) → z`: the function up to its cut.
///
/// # Errors
/// [`ErrorKind::Selection`](crate::ErrorKind::Selection) unless exactly one equation of the tape cuts by this name (those
/// inside loops and custom functions are not at hand).
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var, cut}, transform};
/// let tape = trace::trace(|x: Var| cut("z", x * 2.0).exp().sum(), &tensor![1.0, 3.0])?;
/// let model = transform::to_cut(&tape, "z")?;
/// assert_eq!(Program::new(&model, &Options::default()).call(&[&tensor![1.0, 3.0]])?, [tensor![2.0, 6.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn to_cut(tape: &Tape, cut: &str) -> Result<Tape, Error> {
    Ok(tape.returning(find(tape, cut)?.outputs.clone()))
}

/// `(x…, δ) → y…`: the function with δ added to what is cut. Its derivative in δ at 0 is that of the loss in z.
///
/// # Errors
/// As [`to_cut`].
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var, cut}, transform};
/// let tape = trace::trace(|x: Var| cut("z", x * 2.0).powi(2).sum(), &tensor![1.0, 3.0])?;
/// let opened = transform::offset_at_cut(&tape, "z")?;
/// let loss_bar = transform::gradient(&opened, &[false, true], 1.0)?.tape;
/// let out = Program::new(&loss_bar, &Options::default()).call(&[&tensor![1.0, 3.0], &tensor![0.0, 0.0]])?;
/// assert_eq!(out[1], tensor![4.0, 12.0]); // ∂L/∂z = 2 z
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn offset_at_cut(tape: &Tape, cut: &str) -> Result<Tape, Error> {
    let at = find(tape, cut)?;
    let mut copier = Copier::with_inputs(tape);
    let offset = copier.builder.input(tape.type_of(at.outputs[0]).clone());
    for e in tape.equations() {
        let (_, results) = copier.copy(e)?;
        if std::ptr::eq(e, at) {
            let moved = copier.builder.add(results[0], offset);
            copier.replace(e, &[moved]);
        }
    }
    Ok(copier.finish(tape.outputs()))
}

/// The one equation that cuts by this name.
fn find<'a>(tape: &'a Tape, cut: &str) -> Result<&'a Equation, Error> {
    let is_cut = |e: &&Equation| e.op.downcast::<Cut>().is_some_and(|c| c.name == cut);
    let found: Vec<&Equation> = tape.equations().iter().filter(is_cut).collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            bail!(Selection, "the function has no cut named \"{cut}\" (or has it inside a loop or a custom function)")
        }
        _ => bail!(Selection, "the function has {} cuts named \"{cut}\", one is needed", found.len()),
    }
}

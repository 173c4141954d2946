//! Transforms: total functions from tapes to tapes, closed under composition.
//!
//! All they know of an equation is its rule. The primitives that they name are the sums, products and negatives that
//! derivatives are made of (`add`, `sum`, `mul`, `neg`), the constants that stand for absent tangents (`full`, `like`),
//! the repetition along a batch axis (`with_batch_axis`), and the identities `residual` and `cut`; a test keeps the list.
//! Forward-over-reverse is literally `jvp(vjp(tape))`.

mod attribution;
mod bodies;
mod congruence;
mod cut;
mod freeze;
mod gradient;
mod jvp;
mod linearity;
mod linearize;
mod open;
mod transpose;
mod vjp;
mod vmap;

pub use attribution::{Attribution, attribute};
pub use congruence::congruence;
pub use freeze::{Freeze, Part};
pub use gradient::gradient;
pub use jvp::{Forward, jvp, jvp_frozen};
pub use linearity::check_linear;
pub use linearize::{Linearized, linearize, linearize_each};
pub use open::{offset_at_cut, to_cut};
pub use transpose::transpose;
pub use vjp::{Reverse, vjp, vjp_frozen};
pub use vmap::vmap;

use crate::error::{Error, count};
use crate::shape::Type;
use crate::tape::{Equation, Tape};

/// The same error, with the user's line of the equation that is at fault.
fn at(error: Error, e: &Equation) -> Error {
    match e.label.user_line() {
        Some(line) => error.at(line),
        None => error,
    }
}

/// "A primitive without a rule": names the primitive, the transform and the reason.
fn no_rule(e: &Equation, transform: &str, why: &str) -> Error {
    at(Error::new(crate::ErrorKind::NoRule, format!("{transform}: {} has no derivative: {why}", e.op.name())), e)
}

/// The types of the inputs that are flagged.
fn chosen<'a>(tape: &'a Tape, wrt: &'a [bool]) -> impl Iterator<Item = Type> + 'a {
    tape.inputs().iter().zip(wrt).filter(|(_, wanted)| **wanted).map(|(v, _)| tape.type_of(*v).clone())
}

/// One flag a tape input.
fn check_flags(tape: &Tape, flags: &[bool], transform: &str) -> Result<(), Error> {
    if flags.len() != tape.inputs().len() {
        let (inputs, flags) = (count(tape.inputs().len(), "input"), count(flags.len(), "flag"));
        crate::error::bail!(Arity, "{transform}: the tape {} has {inputs}, got {flags}", tape.name());
    }
    Ok(())
}

/// Inputs to be differentiated must be floats.
fn check_floats(tape: &Tape, wrt: &[bool], transform: &str) -> Result<(), Error> {
    check_flags(tape, wrt, transform)?;
    for (i, v) in tape.inputs().iter().enumerate() {
        let ty = tape.type_of(*v);
        if wrt[i] && !ty.dtype.is_float() {
            crate::error::bail!(
                NotDifferentiable,
                "{transform}: input {i} is {ty}, and integers and bools have no derivative"
            );
        }
    }
    Ok(())
}

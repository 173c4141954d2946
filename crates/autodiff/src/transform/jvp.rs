//! Forward mode: from a tape for `f` to a tape for `(x, ẋ) ↦ (f(x), J(x) ẋ)`.
//!
//! One forward walk. Every equation is copied, and its tangent equations follow it. A value holds at most one tangent,
//! and absence means zero, so what does not depend on the tangents costs nothing.
//!
//! A freeze withholds the tangent of chosen residuals, and nothing else: on a tape that reverse mode wrote, that leaves
//! exactly the part of the Hessian which the *other* equations make.

use super::bodies::{Bodies, Walked};
use super::freeze::withholds;
use super::vjp::reverse_of_its_own;
use super::{Freeze, at, check_floats, no_rule};
use crate::error::Error;
use crate::ops::{Cut, Ops};
use crate::tape::{AnyRule, Builder, Copier, Derive, DifferentiateBodies, Equation, Role, Tape, Term, Value};

/// What forward mode wrote.
#[derive(Clone, Debug)]
pub struct Forward {
    /// `(x…, ẋ of the chosen x…) → (y…, ẏ of every float y…)`.
    pub tape: Tape,
    /// For every float output, whether its tangent is zero because it depends on no chosen input.
    pub zero: Vec<bool>,
}

/// The forward derivative with respect to the inputs that `wrt` flags.
///
/// # Errors
/// [`ErrorKind::NotDifferentiable`](crate::ErrorKind::NotDifferentiable) for an integer input, [`ErrorKind::NoRule`](crate::ErrorKind::NoRule) for a primitive without a rule.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| (x * x).sum(), &tensor![1.0, 3.0])?;
/// let forward = transform::jvp(&tape, &[true])?.tape; // (x, ẋ) → (f, ẏ)
/// let out = Program::new(&forward, &Options::default()).call(&[&tensor![1.0, 3.0], &tensor![1.0, 1.0]])?;
/// assert_eq!((out[0].item(), out[1].item()), (10.0, 8.0));
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn jvp(tape: &Tape, wrt: &[bool]) -> Result<Forward, Error> {
    jvp_frozen(tape, wrt, None)
}

/// [`jvp`], where the residuals that `freeze` does not leave live carry no tangent.
///
/// # Errors
/// As [`jvp`]; [`ErrorKind::Selection`](crate::ErrorKind::Selection) if the freeze names what the tape does not have.
pub fn jvp_frozen(tape: &Tape, wrt: &[bool], freeze: Option<&Freeze>) -> Result<Forward, Error> {
    check_floats(tape, wrt, "jvp")?;
    if let Some(freeze) = freeze {
        freeze.check(tape)?;
    }
    let walked = forward(tape, wrt, freeze)?;
    let floats = || tape.outputs().iter().enumerate().filter(|(_, v)| tape.type_of(**v).dtype.is_float());
    let zero = floats().map(|(i, _)| walked.derivatives[i].is_none()).collect();
    Ok(Forward { tape: walked.filled(tape, floats()), zero })
}

/// The walk: the tangent of every output, absent where it is zero.
pub(super) fn forward(tape: &Tape, wrt: &[bool], freeze: Option<&Freeze>) -> Result<Walked, Error> {
    let mut copier = Copier::with_inputs(tape);
    let mut dots: Vec<Option<Value>> = vec![None; tape.value_count()];
    for (v, _) in tape.inputs().iter().zip(wrt).filter(|(_, w)| **w) {
        dots[v.index()] = Some(copier.builder.input(tape.type_of(*v).clone()));
    }
    let nested =
        Bodies { freeze, reverse: &|body, wanted, seeded, _| reverse_of_its_own(body, wanted, seeded, freeze) };
    for e in tape.equations() {
        let (inputs, outputs) = copier.copy(e)?;
        let tangents: Vec<Option<Value>> = e.inputs.iter().map(|v| dots[v.index()]).collect();
        if tangents.iter().all(Option::is_none) || withholds(freeze, e) {
            continue;
        }
        let b = &mut copier.builder;
        b.set_label(e.label.derived(Role::Tangent));
        let out = tangents_of(b, e, &inputs, &outputs, &tangents, &nested)?;
        for (v, dot) in e.outputs.iter().zip(out) {
            dots[v.index()] = dot.filter(|_| tape.type_of(*v).dtype.is_float());
        }
    }
    let derivatives = tape.outputs().iter().map(|v| dots[v.index()]).collect();
    Ok(Walked { values: copier.renamed.all(tape.outputs()), builder: copier.builder, derivatives })
}

fn tangents_of(
    b: &mut Builder,
    e: &Equation,
    inputs: &[Value],
    outputs: &[Value],
    dots: &[Option<Value>],
    transforms: &dyn DifferentiateBodies,
) -> Result<Vec<Option<Value>>, Error> {
    match e.op.rule() {
        AnyRule::Constant => Ok(vec![None; outputs.len()]),
        AnyRule::Signed(terms) => Ok(vec![signed_sum(b, e, &terms, dots)]),
        AnyRule::Missing(why) => Err(no_rule(e, "jvp", why)),
        AnyRule::Pointwise(partials) => {
            let partials = partials(b, inputs, outputs[0]);
            let mut sum = None;
            for (partial, dot) in partials.into_iter().zip(dots) {
                if let Some(dot) = dot {
                    let term = b.mul(partial, *dot);
                    sum = Some(add(b, sum, term));
                }
            }
            Ok(vec![sum])
        }
        AnyRule::Diagonal(scaled) => {
            let mut sum = None;
            for (i, dot) in dots.iter().enumerate() {
                if let Some(dot) = dot {
                    let term = scaled(b, inputs, outputs[0], *dot, i);
                    sum = Some(add(b, sum, term));
                }
            }
            Ok(vec![sum])
        }
        AnyRule::Linear(_) => {
            // Operands that take no derivative (masks, indices) stay; absent tangents of the others are zeros.
            let operands: Vec<Value> = inputs
                .iter()
                .zip(dots)
                .map(|(x, dot)| match dot {
                    Some(dot) => *dot,
                    None if b.type_of(*x).dtype.is_float() => b.like(*x, 0.0),
                    None => *x,
                })
                .collect();
            Ok(vec![Some(b.emit_valid(e.op.clone(), &operands))])
        }
        AnyRule::Multilinear(_) => {
            let mut sum = None;
            for (i, dot) in dots.iter().enumerate() {
                if let Some(dot) = dot {
                    let mut operands = inputs.to_vec();
                    operands[i] = *dot;
                    let term = b.emit_valid(e.op.clone(), &operands);
                    sum = Some(add(b, sum, term));
                }
            }
            Ok(vec![sum])
        }
        AnyRule::General { jvp, .. } | AnyRule::Structured { jvp, .. } => {
            let wanted: Vec<bool> = dots.iter().map(Option::is_some).collect();
            let derive = Derive { inputs, outputs, bodies: &e.bodies, wanted: &wanted, transforms };
            jvp(b, &derive, dots).map_err(|error| at(error, e))
        }
    }
}

/// The equation itself on the tangents, or what is left of it where some are absent.
fn signed_sum(b: &mut Builder, e: &Equation, terms: &[Term], dots: &[Option<Value>]) -> Option<Value> {
    // An identity leaves no trace, but for a cut: what descends from a model's tangent is no model.
    if let Some(all) = dots.iter().copied().collect::<Option<Vec<Value>>>()
        && (!(all.len() == 1 && terms[0] == Term::Plus) || e.op.is::<Cut>())
    {
        return Some(b.emit_valid(e.op.clone(), &all));
    }
    let mut sum = None;
    for (dot, term) in dots.iter().zip(terms) {
        if let Some(dot) = *dot {
            let dot = if *term == Term::Minus { b.neg(dot) } else { dot };
            sum = Some(add(b, sum, dot));
        }
    }
    sum
}

fn add(b: &mut Builder, sum: Option<Value>, term: Value) -> Value {
    match sum {
        Some(sum) => b.add(sum, term),
        None => term,
    }
}

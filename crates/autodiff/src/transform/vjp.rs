//! Reverse mode: from a tape for `f` to a tape for `(x, ȳ) ↦ (f(x), Jᵀ(x) ȳ)`.
//!
//! One backward walk. Each value holds at most one cotangent, and absence means zero, so branches that do not reach the
//! output cost nothing. The result is an ordinary tape: differentiate it again for `Jᵀ`'s own derivative.
//!
//! Rules get their operands and outputs only as reads through `residual`, labelled with the equation that reads: the
//! places where that equation's second derivative will enter (see `freeze`). `verify` checks that there is no other way.
//!
//! Invariant: a value's cotangent is complete before the equation that defined it is visited, because equations are in
//! topological order.

use super::bodies::{Bodies, Walked};
use super::cut::Sides;
use super::freeze::withholds;
use super::{Freeze, at, check_floats, no_rule};
use crate::error::Error;
use crate::ops::{Ops, Residual, op};
use crate::tape::{
    AnyRule, Builder, Copier, Derive, DifferentiateBodies, Equation, Renamed, Role, Tape, Term, Value, active,
};

/// What reverse mode wrote.
#[derive(Clone, Debug)]
pub struct Reverse {
    /// `(x…, ȳ of every float y…) → (y…, x̄ of the chosen x…)`.
    pub tape: Tape,
    /// The number of this sweep; its residuals carry it.
    pub sweep: u32,
    /// Positions (among all inputs) of chosen inputs that no float output depends on: their x̄ is exactly zero.
    pub unreached: Vec<usize>,
}

/// The reverse derivative with respect to the inputs that `wrt` flags.
///
/// # Errors
/// [`ErrorKind::NotDifferentiable`](crate::ErrorKind::NotDifferentiable) for an integer input, [`ErrorKind::NoRule`](crate::ErrorKind::NoRule) for a primitive without a rule.
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, Tensor, tensor, trace::{self, Var}, transform};
/// let tape = trace::trace(|x: Var| (x * x).sum(), &tensor![1.0, 3.0])?;
/// let reverse = transform::vjp(&tape, &[true])?.tape; // (x, ȳ) → (f, x̄)
/// let out = Program::new(&reverse, &Options::default()).call(&[&tensor![1.0, 3.0], &Tensor::scalar(1.0)])?;
/// assert_eq!(out[1], tensor![2.0, 6.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn vjp(tape: &Tape, wrt: &[bool]) -> Result<Reverse, Error> {
    vjp_frozen(tape, wrt, None)
}

/// [`vjp`], where no cotangent passes the residuals (of an earlier sweep) that `freeze` does not leave live.
///
/// # Errors
/// As [`vjp`]; [`ErrorKind::Selection`](crate::ErrorKind::Selection) if the freeze names what the tape does not have.
pub fn vjp_frozen(tape: &Tape, wrt: &[bool], freeze: Option<&Freeze>) -> Result<Reverse, Error> {
    check_floats(tape, wrt, "vjp")?;
    if let Some(freeze) = freeze {
        freeze.check(tape)?;
    }
    let (sweep, sides) = (next_sweep(tape), Sides::of(tape, wrt));
    let seeded: Vec<bool> = tape.outputs().iter().map(|v| tape.type_of(*v).dtype.is_float()).collect();
    let walked = reverse(tape, wrt, &seeded, sweep, &sides, freeze)?;
    let chosen = || tape.inputs().iter().enumerate().filter(|(i, _)| wrt[*i]);
    let unreached = chosen().map(|(i, _)| i).filter(|i| walked.derivatives[*i].is_none()).collect();
    Ok(Reverse { tape: walked.filled(tape, chosen()), sweep, unreached })
}

/// The walk over a tape that is no part of a sweep under way.
pub(super) fn reverse_of_its_own(
    tape: &Tape,
    wrt: &[bool],
    seeded: &[bool],
    freeze: Option<&Freeze>,
) -> Result<Walked, Error> {
    reverse(tape, wrt, seeded, next_sweep(tape), &Sides::of(tape, wrt), freeze)
}

/// One more than that of any sweep whose residuals are in the tape.
fn next_sweep(tape: &Tape) -> u32 {
    let mut sweep = 0;
    tape.for_each_equation(&mut |e| {
        if let Some(residual) = e.op.downcast::<Residual>() {
            sweep = sweep.max(residual.sweep);
        }
    });
    sweep + 1
}

/// The walk: the cotangent of every input that is chosen, absent where it is zero. Cotangents come in for the outputs that
/// are `seeded`; the others have none.
fn reverse(
    tape: &Tape,
    wrt: &[bool],
    seeded: &[bool],
    sweep: u32,
    sides: &Sides,
    freeze: Option<&Freeze>,
) -> Result<Walked, Error> {
    let mut copier = Copier::with_inputs(tape);
    let outputs = tape.outputs().iter().copied().zip(seeded).filter(|(_, seeded)| **seeded);
    let seeds: Vec<(Value, Value)> = outputs.map(|(v, _)| (v, copier.builder.input(tape.type_of(v).clone()))).collect();
    for e in tape.equations() {
        copier.copy(e)?;
    }
    let active = active(tape, wrt);
    let Copier { builder: mut b, renamed, .. } = copier;

    let start = b.tape().equations().len();
    let mut bars: Vec<Option<Value>> = vec![None; tape.value_count()];
    b.set_label(Default::default());
    for (v, seed) in &seeds {
        let sum = bars[v.index()].map_or(*seed, |bar| b.add(bar, *seed));
        bars[v.index()] = Some(sum);
    }
    for (i, e) in tape.equations().iter().enumerate().rev() {
        let out_bars: Vec<Option<Value>> = e.outputs.iter().map(|v| bars[v.index()]).collect();
        let wanted: Vec<bool> = e.inputs.iter().map(|v| active[v.index()]).collect();
        if out_bars.iter().all(Option::is_none) || !wanted.contains(&true) || withholds(freeze, e) {
            continue;
        }
        b.set_label(e.label.derived(Role::Cotangent));
        let inside = sides.of_body(i);
        let of_body = |tape: &Tape, wanted: &[bool], seeded: &[bool], runs: bool| {
            let around = runs.then(|| inside.around(tape));
            reverse(tape, wanted, seeded, sweep, around.as_ref().unwrap_or(&inside), freeze)
        };
        let nested = Bodies { freeze, reverse: &of_body };
        let read = Read { sweep, label: sides.of_equation(i), equation: e, renamed: &renamed };
        let contributions = cotangents_of(&mut b, &read, &out_bars, &wanted, &nested)?;
        for ((v, bar), _) in e.inputs.iter().zip(contributions).zip(&wanted).filter(|(_, w)| **w) {
            if let Some(bar) = bar {
                let sum = bars[v.index()].map_or(bar, |old| b.add(old, bar));
                bars[v.index()] = Some(sum);
            }
        }
    }

    let values = renamed.all(tape.outputs());
    let derivatives: Vec<Option<Value>> =
        tape.inputs().iter().zip(wrt).map(|(v, wanted)| bars[v.index()].filter(|_| *wanted)).collect();
    // Rules may have read more than their result needs (a partial for an operand that is not wanted); only what is live counts.
    if cfg!(debug_assertions) {
        let outputs = values.iter().chain(derivatives.iter().flatten()).copied().collect();
        let written = b.clone().finish(outputs).expect("own values");
        let seeds: Vec<Value> = seeds.iter().map(|(_, seed)| *seed).collect();
        written.assert_none(&written.residual_violations(start, &seeds));
    }
    Ok(Walked { builder: b, values, derivatives })
}

/// How the rule of one equation reads primal values.
struct Read<'a> {
    sweep: u32,
    label: Vec<(String, crate::ops::Side)>,
    equation: &'a Equation,
    renamed: &'a Renamed,
}

impl Read<'_> {
    fn through_residual(&self, b: &mut Builder, v: Value) -> Value {
        let e = self.equation;
        let residual = Residual {
            sweep: self.sweep,
            class: e.class(),
            sides: self.label.clone(),
            scope: e.label.scope_path(),
            line: e.label.user_line().map_or_else(String::new, ToString::to_string),
        };
        b.emit_valid(op(residual), &[self.renamed.of(v)])
    }
}

fn cotangents_of(
    b: &mut Builder,
    read: &Read<'_>,
    bars: &[Option<Value>],
    wanted: &[bool],
    transforms: &dyn DifferentiateBodies,
) -> Result<Vec<Option<Value>>, Error> {
    let e = read.equation;
    let rule = e.op.rule();
    if let AnyRule::Structured { vjp, .. } = &rule {
        // The residual reads are inside the bodies, each labelled with its own equation.
        let (inputs, outputs) = (read.renamed.all(&e.inputs), read.renamed.all(&e.outputs));
        let derive = Derive { inputs: &inputs, outputs: &outputs, bodies: &e.bodies, wanted, transforms };
        return vjp(b, &derive, bars).map_err(|error| at(error, e));
    }
    if let AnyRule::Signed(terms) = &rule {
        // No value is read, so identities stay free of residuals.
        let y_bar = bars[0].expect("the one output has a cotangent");
        let bar =
            |(term, wanted): (&Term, &bool)| wanted.then(|| if *term == Term::Minus { b.neg(y_bar) } else { y_bar });
        return Ok(terms.iter().zip(wanted).map(bar).collect());
    }
    let inputs: Vec<Value> = e.inputs.iter().map(|v| read.through_residual(b, *v)).collect();
    match rule {
        AnyRule::Constant => Ok(vec![None; inputs.len()]),
        AnyRule::Missing(why) => Err(no_rule(e, "vjp", why)),
        AnyRule::Pointwise(partials) => {
            let y_bar = bars[0].expect("the one output has a cotangent");
            let output = read.through_residual(b, e.outputs[0]);
            let partials = partials(b, &inputs, output);
            Ok(partials.into_iter().zip(wanted).map(|(p, w)| w.then(|| b.mul(y_bar, p))).collect())
        }
        AnyRule::Diagonal(scaled) => {
            let y_bar = bars[0].expect("the one output has a cotangent");
            let output = read.through_residual(b, e.outputs[0]);
            Ok((0..inputs.len()).map(|i| wanted[i].then(|| scaled(b, &inputs, output, y_bar, i))).collect())
        }
        AnyRule::Linear(transpose) => Ok(transpose(b, &inputs, bars[0].expect("the one output has a cotangent"))),
        AnyRule::Multilinear(transpose) => {
            let y_bar = bars[0].expect("the one output has a cotangent");
            Ok((0..inputs.len()).map(|i| wanted[i].then(|| transpose(b, &inputs, y_bar, i))).collect())
        }
        AnyRule::General { vjp, .. } => {
            let outputs: Vec<Value> = e.outputs.iter().map(|v| read.through_residual(b, *v)).collect();
            let derive = Derive { inputs: &inputs, outputs: &outputs, bodies: &e.bodies, wanted, transforms };
            vjp(b, &derive, bars).map_err(|error| at(error, e))
        }
        AnyRule::Signed(_) | AnyRule::Structured { .. } => unreachable!("handled above"),
    }
}

//! Which equation makes which share of `vᵀHv`.
//!
//! One sweep for all equations. The curvature enters the gradient tape where it reads primal values, through residuals;
//! so with `s = ⟨∇f, v⟩` the share of one read is `⟨∂s/∂(the read), tangent of what is read⟩`, and the shares of all reads
//! add up to the derivative of s along v, which is `vᵀHv`. The cotangents come from reverse mode with respect to an
//! offset that is added to every read, the tangents from forward mode over the function.
//!
//! A read inside a body has no offset. A checkpoint is therefore inlined first: it is an ordinary function, computed twice. A loop is
//! written out step by step, each in a scope of its number, so that the shares tell the steps apart: those of a stack's blocks, of a
//! recurrence's times.

use std::sync::Arc;

use super::{Forward, Reverse, chosen, gradient, jvp};
use crate::error::Error;
use crate::ops::{Ops, Residual};
use crate::shape::{Axes, Type};
use crate::tape::{Builder, Copier, Equation, Tape, Value, rewrite};

/// `vᵀHv` as a sum; see [`attribute`].
#[derive(Clone, Debug)]
pub struct Attribution {
    /// `(x…, v…) → one scalar for each of the reads`, which add up to `vᵀHv`.
    pub tape: Tape,
    /// What reads primal values, each once: line, scope, class and sides of the equations whose share it is. In the order in which
    /// reverse mode meets them, from the result back to the inputs.
    pub reads: Vec<Residual>,
}

/// Attributes `vᵀHv`, with H the Hessian of a scalar function in the inputs that `wrt` flags, to the equations of the
/// function, those of one line, scope, class and side together.
///
/// A checkpoint is taken for the function that it computes: nothing is computed again, and its inner values are kept. So is a loop:
/// the tape grows with its length, and step k's equations are in a scope `k`.
///
/// # Errors
/// As [`gradient`].
///
/// # Example
/// ```
/// use quadric_autodiff::{exec::{Options, Program}, tensor, trace::{self, Var, scope}, transform};
/// let f = |x: Var| (scope("cube", || x.powi(3)) + scope("square", || x.powi(2))).sum();
/// let shares = transform::attribute(&trace::trace(f, &tensor![2.0])?, &[true])?;
/// let out = Program::new(&shares.tape, &Options::default()).call(&[&tensor![2.0], &tensor![1.0]])?;
/// let mut named: Vec<_> = shares.reads.iter().map(|p| p.scope.as_str()).zip(out.iter().map(|s| s.item())).collect();
/// named.sort_by(|a, b| a.0.cmp(b.0));
/// assert_eq!(named, [("cube", 12.0), ("square", 2.0)]); // 6 x and 2
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn attribute(tape: &Tape, wrt: &[bool]) -> Result<Attribution, Error> {
    let tape = &written_out(tape);
    let reverse = gradient(tape, wrt, 1.0)?;
    let along: Vec<Type> = chosen(tape, wrt).collect();
    let gradient = reverse.tape.with_outputs(1..1 + along.len());
    let reads = reads(&gradient, reverse.sweep);
    let read: Vec<Value> = reads.iter().map(|(_, e)| e.inputs[0]).collect();
    let types: Vec<Type> = read.iter().map(|v| gradient.type_of(*v).clone()).collect();

    let cotangents = cotangents(&gradient, &reads, &types, &along)?;
    let Forward { tape: tangents, zero } = jvp(&gradient.returning(read), wrt)?;

    let mut b = Builder::new(tape.name());
    let x: Vec<Value> = tape.input_types().into_iter().map(|t| b.input(t)).collect();
    let v: Vec<Value> = along.into_iter().map(|t| b.input(t)).collect();
    let dots = b.inline(&tangents, &[&x[..], &v].concat()).split_off(reads.len());
    let offsets: Vec<Value> = types.iter().map(|t| b.full(t, 0.0)).collect();
    let (bars, unreached) = match cotangents {
        Some(Reverse { tape, unreached, .. }) => (b.inline(&tape, &[x, offsets, v].concat()).split_off(1), unreached),
        None => (Vec::new(), Vec::new()),
    };
    let mut named: Vec<Residual> = Vec::new();
    let mut sums: Vec<Value> = Vec::new();
    // What does not depend on the inputs (data, constants) has no tangent, and what is only compared has no cotangent; neither has a
    // share.
    let absent = |i: usize| zero[i] || unreached.contains(&(tape.inputs().len() + i));
    let moving = reads.iter().zip(bars).zip(dots).enumerate().filter(|(i, _)| !absent(*i));
    for (((residual, _), bar), dot) in moving.map(|(_, read)| read) {
        let share = inner(&mut b, bar, dot);
        match named.iter().position(|known| known == *residual) {
            Some(at) => sums[at] = b.add(sums[at], share),
            None => {
                named.push((*residual).clone());
                sums.push(share);
            }
        }
    }
    Ok(Attribution { tape: b.finish_live(sums), reads: named })
}

/// The tape with the bodies of its checkpoints and loops in their places, and the bodies' likewise.
fn written_out(tape: &Tape) -> Tape {
    rewrite(tape, |b, e, inputs| {
        let bodies = e.bodies.iter().map(|body| Arc::new(written_out(body))).collect();
        e.op.write_out(b, &Equation { bodies, ..e.clone() }, inputs)
    })
}

/// What a gradient tape reads through the residuals of one sweep: residual and equation, in order.
fn reads(gradient: &Tape, sweep: u32) -> Vec<(&Residual, &Equation)> {
    let is_float = |e: &Equation| gradient.type_of(e.inputs[0]).dtype.is_float();
    let residuals = gradient.equations().iter().filter_map(|e| Some((e.op.downcast::<Residual>()?, e)));
    residuals.filter(|(r, e)| r.sweep == sweep && is_float(e)).collect()
}

/// `(x…, δ…, v…) → (⟨∇f, v⟩, its gradient in the δ…)`, with a δ added to every read; `None` for a function of nothing.
fn cotangents(
    gradient: &Tape,
    reads: &[(&Residual, &Equation)],
    types: &[Type],
    along: &[Type],
) -> Result<Option<Reverse>, Error> {
    let mut copier = Copier::with_inputs(gradient);
    let offsets: Vec<Value> = types.iter().map(|t| copier.builder.input(t.clone())).collect();
    let v: Vec<Value> = along.iter().map(|t| copier.builder.input(t.clone())).collect();
    let mut next = reads.iter().zip(offsets).peekable();
    for e in gradient.equations() {
        let (_, results) = copier.copy(e)?;
        if let Some((_, offset)) = next.next_if(|((_, read), _)| std::ptr::eq(e, *read)) {
            let moved = copier.builder.add(results[0], offset);
            copier.replace(e, &[moved]);
        }
    }
    let Copier { builder: mut b, renamed, .. } = copier;
    b.set_label(Default::default());
    let mut sum = None;
    for (g, v) in gradient.outputs().iter().zip(v) {
        let term = inner(&mut b, renamed.of(*g), v);
        sum = Some(sum.map_or(term, |sum| b.add(sum, term)));
    }
    let Some(sum) = sum else { return Ok(None) };
    let offset = b.finish_live(vec![sum]);
    let start = gradient.inputs().len();
    let wrt: Vec<bool> = (0..offset.inputs().len()).map(|i| (start..start + reads.len()).contains(&i)).collect();
    Ok(Some(super::gradient(&offset, &wrt, 1.0)?))
}

/// `⟨a, b⟩`, a scalar.
fn inner(b: &mut Builder, x: Value, y: Value) -> Value {
    let product = b.mul(x, y);
    let axes = Axes::all(b.shape_of(product).rank());
    b.sum(product, &axes)
}

//! Declared derivatives where a direction is absent, which means zero.
//!
//! A declared derivative is linear in its directions, equation by equation, so an absent one passes through it and leaves
//! the equations that it alone would feed unwritten. Zeros in its place would be multiplied with whatever the derivative
//! holds, which may be infinite.

use std::sync::Arc;

use super::scan::Scan;
use crate::error::Error;
use crate::ops::Ops;
use crate::tape::{AnyRule, Builder, Equation, Kernel, Kind, Linearity, Op, Tape, Term, Value};

/// [`Builder::inline`] of a tape that is linear in the arguments that may be absent. A result is absent if it depends on
/// absent arguments alone, or is written as zeros.
///
/// # Errors
/// Those of the equations, which are of the tape's own types.
pub(super) fn inline(t: &mut Builder, tape: &Tape, args: &[Option<Value>]) -> Result<Vec<Option<Value>>, Error> {
    let label = t.label().clone();
    let mut map: Vec<Option<Value>> = vec![None; tape.value_count()];
    for (v, arg) in tape.inputs().iter().zip(args) {
        map[v.index()] = *arg;
    }
    for e in tape.equations() {
        let operands: Vec<Option<Value>> = e.inputs.iter().map(|v| map[v.index()]).collect();
        t.set_label(e.label.clone());
        let outputs = match operands.iter().copied().collect::<Option<Vec<Value>>>() {
            Some(all) => t.emit_all(e.op.clone(), &all, e.bodies.clone())?.into_iter().map(Some).collect(),
            None => with_absent(t, tape, e, &operands)?,
        };
        for (v, y) in e.outputs.iter().zip(outputs) {
            map[v.index()] = y;
        }
    }
    t.set_label(label);
    let zeros = written_zeros(tape);
    Ok(tape.outputs().iter().map(|v| map[v.index()].filter(|_| !zeros[v.index()])).collect())
}

/// What an equation with absent operands makes of them.
fn with_absent(
    t: &mut Builder,
    tape: &Tape,
    e: &Equation,
    operands: &[Option<Value>],
) -> Result<Vec<Option<Value>>, Error> {
    let nothing = vec![None; e.outputs.len()];
    let absent: Vec<bool> = operands.iter().map(Option::is_none).collect();
    let is_float = |v: &Value| tape.type_of(*v).dtype.is_float();
    match e.op.kind() {
        Kind::Structured => return through_body(t, e, operands),
        Kind::Multilinear => return Ok(nothing),
        Kind::Linear if absent.iter().zip(&e.inputs).all(|(absent, v)| *absent || !is_float(v)) => return Ok(nothing),
        Kind::Signed => {
            let AnyRule::Signed(terms) = e.op.rule() else { unreachable!("its kind is that of its rule") };
            let mut present = operands.iter().zip(terms).filter_map(|(x, term)| Some(((*x)?, term)));
            match (present.next(), present.next()) {
                (None, _) => return Ok(nothing),
                (Some((x, Term::Plus)), None) => return Ok(vec![Some(x)]),
                (Some((x, Term::Minus)), None) => return Ok(vec![Some(t.neg(x))]),
                _ => {}
            }
        }
        // A quotient by what is there, for one.
        _ if e.op.linear_in(&absent) == Some(Linearity::OthersFixed) => return Ok(nothing),
        _ => {}
    }
    // Part of a result is there (a concatenation): the rest of it is zeros.
    let mut all = Vec::new();
    for (x, v) in operands.iter().zip(&e.inputs) {
        all.push(x.unwrap_or_else(|| t.full(tape.type_of(*v), 0.0)));
    }
    Ok(t.emit_all(e.op.clone(), &all, e.bodies.clone())?.into_iter().map(Some).collect())
}

/// The equation over a body without what is absent.
fn through_body(t: &mut Builder, e: &Equation, operands: &[Option<Value>]) -> Result<Vec<Option<Value>>, Error> {
    let body = &e.bodies[0];
    let mut present: Vec<bool> = operands.iter().map(Option::is_some).collect();
    let Some(scan) = e.op.downcast::<Scan>() else {
        let (body, outputs) = without(body, &present, &[])?;
        let operands: Vec<Value> = operands.iter().flatten().copied().collect();
        let results = t.emit_all(e.op.clone(), &operands, vec![Arc::new(body)])?;
        return Ok(super::checkpoint::spread(&outputs, &results));
    };
    let states = scan.constants..scan.constants + scan.states;
    // A state is absent if it is so at first and every step leaves it so.
    let (body, made) = loop {
        let (inner, made) = without(body, &present, &present[states.clone()])?;
        let before = present.clone();
        for (present, made) in present[states.clone()].iter_mut().zip(&made) {
            *present |= made;
        }
        if present == before {
            break (inner, made);
        }
    };
    let mut all = Vec::new();
    for (i, v) in e.bodies[0].inputs().iter().enumerate().filter(|(i, _)| present[*i]) {
        // What comes to a state in a later step is not there in the first.
        all.push(operands[i].unwrap_or_else(|| t.full(e.bodies[0].type_of(*v), 0.0)));
    }
    let count = |range: std::ops::Range<usize>| present[range].iter().filter(|p| **p).count();
    let op = Scan { constants: count(0..scan.constants), states: count(states.clone()), ..scan.clone() };
    let results = t.emit_all(Op::new(op), &all, vec![Arc::new(body)])?;
    let returned: Vec<bool> = present[states].iter().chain(&made[scan.states..]).copied().collect();
    let mut results = super::checkpoint::spread(&returned, &results);
    for (y, made) in results.iter_mut().zip(made) {
        // After a step the state is what the step has made of it.
        *y = y.filter(|_| made || scan.length == 0);
    }
    Ok(results)
}

/// A body that takes only what is present and returns only what is; which outputs those are. The first outputs, as far as
/// `kept` flags them, are returned as zeros if need be.
fn without(body: &Tape, present: &[bool], kept: &[bool]) -> Result<(Tape, Vec<bool>), Error> {
    let mut b = Builder::new(body.name());
    let inputs = body.inputs().iter().zip(present);
    let args: Vec<Option<Value>> =
        inputs.map(|(v, present)| present.then(|| b.input(body.type_of(*v).clone()))).collect();
    let outputs = inline(&mut b, body, &args)?;
    let flags = outputs.iter().map(Option::is_some).collect();
    let mut returned = Vec::new();
    for (i, y) in outputs.iter().enumerate() {
        match y {
            Some(y) => returned.push(*y),
            None if kept.get(i) == Some(&true) => returned.push(b.full(body.type_of(body.outputs()[i]), 0.0)),
            None => {}
        }
    }
    Ok((b.finish_live(returned), flags))
}

/// Which values are the number 0, or an array of copies of it.
fn written_zeros(tape: &Tape) -> Vec<bool> {
    let mut zeros = vec![false; tape.value_count()];
    for e in tape.equations() {
        let is_zero = match e.op.kernel() {
            Kernel::Constant(value) => {
                value.dtype().is_float() && value.shape().size() == 1 && value.to_f64_vec() == [0.0]
            }
            kernel => kernel.is_movement() && zeros[e.inputs[0].index()],
        };
        e.outputs.iter().for_each(|v| zeros[v.index()] = is_zero);
    }
    zeros
}

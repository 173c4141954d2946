//! Forward mode of a loop: a loop whose state is the state and its tangents.
//!
//! Which states have a tangent is settled by the body's own derivative: those that have one at first, and those that a step
//! gives one. What a stop or a comparison lies before has none, and no tangent is carried for it.

use std::sync::Arc;

use super::super::checkpoint::spread;
use super::Scan;
use super::peel::{self, End};
use crate::ops::prelude::*;
use crate::tape::{Derive, Derived, Op};

pub(super) fn jvp(
    scan: &Scan,
    t: &mut Builder,
    e: &Derive<'_>,
    dots: &[Option<Value>],
) -> Result<Vec<Option<Value>>, Error> {
    let body = &e.bodies[0];
    let (moving, inner) = settled(scan, e, e.wanted)?;
    if begins_with_less(scan, e, &moving, &inner)? {
        let steps = peel::written_out(scan, t, &e.bodies[0], e.inputs, End::First)?;
        let inner = e.transforms.jvp(&steps, e.wanted)?;
        let inputs: Vec<Value> = e.inputs.iter().copied().chain(dots.iter().flatten().copied()).collect();
        let out = t.inline(&inner.tape, &inputs);
        return Ok(spread(&inner.present, &out[e.outputs.len()..]));
    }
    let count = body.outputs().len();
    // Where the tangent of a result of the body is among those that are there.
    let mut there = 0;
    let at: Vec<Option<usize>> = inner
        .present
        .iter()
        .map(|present| {
            there += usize::from(*present);
            present.then(|| count + there - 1)
        })
        .collect();
    let states: Vec<usize> = (0..scan.states).filter(|i| moving[scan.constants + i]).collect();
    let stacked: Vec<usize> = (scan.states..count).filter(|i| inner.present[*i]).collect();

    // The tangents stand beside what they are tangents of: constants, states, inputs.
    let ends = [0, scan.constants, scan.constants + scan.states, e.inputs.len()];
    let parts = || ends.windows(2).map(|w| w[0]..w[1]);
    let mut b = Builder::new(body.name());
    let types = body.input_types();
    let (mut primal, mut tangent) = (Vec::new(), Vec::new());
    for part in parts() {
        primal.extend(part.clone().map(|i| b.input(types[i].clone())));
        tangent.extend(part.filter(|i| moving[*i]).map(|i| b.input(types[i].clone())));
    }
    let out = b.inline(&inner.tape, &[primal, tangent].concat());
    let mut outputs: Vec<Value> = out[..scan.states].to_vec();
    for i in &states {
        // A step may end a tangent that another one brings.
        outputs.push(at[*i].map_or_else(|| b.like(out[*i], 0.0), |at| out[at]));
    }
    outputs.extend(&out[scan.states..count]);
    outputs.extend(stacked.iter().map(|i| out[at[*i].expect("it is there")]));
    let body = Arc::new(b.finish_live(outputs));

    let mut operands = Vec::new();
    for part in parts() {
        operands.extend(&e.inputs[part.clone()]);
        for i in part.filter(|i| moving[*i]) {
            operands.push(dots[i].unwrap_or_else(|| t.like(e.inputs[i], 0.0)));
        }
    }
    let constants = scan.constants + moving[..scan.constants].iter().filter(|m| **m).count();
    let op = Scan { constants, states: scan.states + states.len(), ..scan.clone() };
    let results = t.emit_all(Op::new(op), &operands, vec![body])?;
    let mut tangents = vec![None; count];
    for (k, i) in states.iter().enumerate() {
        // After a step the state is what the step has made of it.
        let ended = scan.length > 0 && !inner.present[*i];
        tangents[*i] = (!ended).then(|| results[scan.states + k]);
    }
    for (i, dot) in stacked.iter().zip(&results[states.len() + count..]) {
        tangents[*i] = Some(*dot);
    }
    Ok(tangents)
}

/// Which operands of the body have a tangent in some step, and the derivative of the body with those.
fn settled(scan: &Scan, e: &Derive<'_>, wanted: &[bool]) -> Result<(Vec<bool>, Derived), Error> {
    let mut moving = wanted.to_vec();
    loop {
        let inner = e.transforms.jvp(&e.bodies[0], &moving)?;
        let before = moving.clone();
        for (moving, present) in moving[scan.constants..].iter_mut().zip(&inner.present[..scan.states]) {
            *moving |= present;
        }
        if moving == before {
            return Ok((moving, inner));
        }
    }
}

/// Whether the first step has fewer tangents than the later ones, and a product would show it.
fn begins_with_less(scan: &Scan, e: &Derive<'_>, moving: &[bool], inner: &Derived) -> Result<bool, Error> {
    if scan.length == 0 || moving == e.wanted {
        return Ok(false);
    }
    let absent = |i: usize| moving[i] && !e.wanted[i];
    let zero: Vec<bool> =
        vec![false; moving.len()].into_iter().chain((0..moving.len()).filter(|i| moving[*i]).map(absent)).collect();
    if !peel::meet_a_product(&inner.tape, &zero) {
        return Ok(false);
    }
    let states = scan.constants..scan.constants + scan.states;
    let mut next = e.wanted.to_vec();
    next[states.clone()].copy_from_slice(&e.transforms.jvp(&e.bodies[0], e.wanted)?.present[..scan.states]);
    let next_settled = settled(scan, e, &next)?.0;
    let of = |flags: &[bool]| flags[states.clone()].to_vec();
    Ok(scan.length == 1 || peel::is_nearer(&of(e.wanted), &of(moving), &of(&next), &of(&next_settled)))
}

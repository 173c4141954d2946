//! Reverse mode of a loop: a loop from the last step to the first, over the body's reverse derivative.
//!
//! The states before every step are collected by one scan, and the inside of each step is computed anew. The constants'
//! cotangents are summed on the way, so they ride along as states.
//!
//! Which states have a cotangent is settled by the body's own reverse derivative: those that come in with one, and those
//! that a step, going backwards, gives one. A state that nothing differentiable leads to or from has none.

use std::sync::Arc;

use super::super::checkpoint::spread;
use super::Scan;
use super::peel::{self, End};
use crate::ops::Checkpoint;
use crate::ops::prelude::*;
use crate::tape::{AnyPrimitive, Derive, Derived, Op, Tape, active, active_through};

pub(super) fn vjp(
    scan: &Scan,
    t: &mut Builder,
    e: &Derive<'_>,
    bars: &[Option<Value>],
) -> Result<Vec<Option<Value>>, Error> {
    let body = &e.bodies[0];
    // A state that nothing wanted leads to needs no cotangent, and one that something leads to later does.
    let (wanted, reached) = active_through(&AnyPrimitive::kernel(scan), body, e.wanted);
    let begun: Vec<bool> = bars.iter().zip(reached).map(|(bar, reached)| bar.is_some() && reached).collect();
    let (seeded, inner) = settled(scan, e, &wanted, &begun)?;
    if let Some(end) = unlike_the_rest(scan, e, &wanted, &begun, &seeded, &inner)? {
        let steps = peel::written_out(scan, t, body, e.inputs, end)?;
        let given: Vec<bool> = bars.iter().map(Option::is_some).collect();
        let inner = e.transforms.vjp_of_steps(&steps, e.wanted, &given)?;
        let inputs: Vec<Value> = e.inputs.iter().copied().chain(bars.iter().flatten().copied()).collect();
        let out = t.emit_all(Op::new(Checkpoint { replay: false }), &inputs, vec![Arc::new(inner.tape)])?;
        return Ok(spread(&inner.present, &out));
    }
    let types = body.input_types();
    let state = |i: usize| scan.constants + i;
    let states: Vec<usize> = (0..scan.states).filter(|i| seeded[*i]).collect();
    let stacked: Vec<usize> = (scan.states..seeded.len()).filter(|i| seeded[*i]).collect();
    let summed: Vec<usize> = (0..scan.constants).filter(|i| inner.present[*i]).collect();

    // (constants; state cotangents, sums; states, inputs, output cotangents) → (…; input cotangents)
    let mut b = Builder::new(body.name());
    let fixed: Vec<Value> = types[..scan.constants].iter().map(|ty| b.input(ty.clone())).collect();
    let state_bars: Vec<Value> = states.iter().map(|i| b.input(types[state(*i)].clone())).collect();
    let sums: Vec<Value> = summed.iter().map(|i| b.input(types[*i].clone())).collect();
    let rest: Vec<Value> = types[scan.constants..].iter().map(|ty| b.input(ty.clone())).collect();
    let y_bars: Vec<Value> = stacked.iter().map(|i| b.input(body.type_of(body.outputs()[*i]).clone())).collect();
    let out = b.inline(&inner.tape, &[fixed, rest, state_bars, y_bars].concat());
    let out = spread(&inner.present, &out);
    let mut outputs = Vec::new();
    for i in &states {
        // A step may end a cotangent that another one brings.
        outputs.push(out[state(*i)].unwrap_or_else(|| b.full(&types[state(*i)], 0.0)));
    }
    for (i, sum) in summed.iter().zip(sums) {
        outputs.push(b.add(sum, out[*i].expect("it is there")));
    }
    outputs.extend(out[scan.constants + scan.states..].iter().flatten());
    let backward = Arc::new(b.finish_live(outputs));

    let mut operands = e.inputs[..scan.constants].to_vec();
    for i in &states {
        operands.push(bars[*i].unwrap_or_else(|| t.full(&types[state(*i)], 0.0)));
    }
    operands.extend(summed.iter().map(|i| t.full(&types[*i], 0.0)).collect::<Vec<_>>());
    operands.extend(states_of_every_step(scan, t, body, e.inputs)?);
    operands.extend(&e.inputs[scan.constants + scan.states..]);
    operands.extend(stacked.iter().map(|i| bars[*i].expect("it is seeded")));
    let op = Scan { states: states.len() + summed.len(), reverse: !scan.reverse, ..scan.clone() };
    let results = t.emit_all(Op::new(op), &operands, vec![backward])?;

    let mut cotangents = vec![None; e.inputs.len()];
    for (k, i) in states.iter().enumerate().filter(|(_, i)| e.wanted[state(**i)]) {
        // Before a step the cotangent is what the step has made of it.
        let ended = scan.length > 0 && !inner.present[state(*i)];
        cotangents[state(*i)] = (!ended).then(|| results[k]);
    }
    for (i, sum) in summed.iter().zip(&results[states.len()..]) {
        cotangents[*i] = Some(*sum);
    }
    let inputs = (scan.constants + scan.states..e.inputs.len()).filter(|i| inner.present[*i]);
    for (i, bar) in inputs.zip(&results[states.len() + summed.len()..]) {
        cotangents[i] = Some(*bar);
    }
    Ok(cotangents)
}

/// Which results of the body have a cotangent in some step, and the reverse derivative of the body from those.
fn settled(scan: &Scan, e: &Derive<'_>, wanted: &[bool], begun: &[bool]) -> Result<(Vec<bool>, Derived), Error> {
    let body = &e.bodies[0];
    let mut seeded = begun.to_vec();
    loop {
        let inner = e.transforms.vjp(body, wanted, &seeded)?;
        let before = seeded.clone();
        for (seeded, present) in seeded[..scan.states].iter_mut().zip(&inner.present[scan.constants..]) {
            *seeded |= present;
        }
        if seeded == before {
            return Ok((seeded, inner));
        }
    }
}

/// The end whose step is to be written out, if the loop has one: the first step, if it reads states that a derivative of the
/// derivative finds to move in later steps only, or the last, if it has fewer cotangents and a product would show it.
fn unlike_the_rest(
    scan: &Scan,
    e: &Derive<'_>,
    wanted: &[bool],
    begun: &[bool],
    seeded: &[bool],
    inner: &Derived,
) -> Result<Option<End>, Error> {
    let body = &e.bodies[0];
    let states = scan.constants..scan.constants + scan.states;
    if scan.length == 0 || inner.tape.outputs().is_empty() {
        return Ok(None);
    }
    let of = |flags: &[bool]| flags[states.clone()].to_vec();
    let mut read = vec![false; inner.tape.value_count()];
    inner.tape.equations().iter().flat_map(|e| &e.inputs).for_each(|v| read[v.index()] = true);
    let is_read = |i: usize| read[inner.tape.inputs()[i].index()];
    if states.clone().any(|i| wanted[i] && !e.wanted[i] && is_read(i)) {
        let flags = active(body, e.wanted);
        let mut next = e.wanted.to_vec();
        next[states.clone()].iter_mut().zip(body.outputs()).for_each(|(next, v)| *next = flags[v.index()]);
        let next_settled = active_through(&AnyPrimitive::kernel(scan), body, &next).0;
        if scan.length == 1 || peel::is_nearer(&of(e.wanted), &of(wanted), &of(&next), &of(&next_settled)) {
            return Ok(Some(End::First));
        }
    }
    let zero: Vec<bool> = vec![false; wanted.len()]
        .into_iter()
        .chain((0..seeded.len()).filter(|i| seeded[*i]).map(|i| !begun[i]))
        .collect();
    if seeded != begun && peel::meet_a_product(&inner.tape, &zero) {
        let mut next = begun.to_vec();
        next[..scan.states].copy_from_slice(&e.transforms.vjp(body, wanted, begun)?.present[states]);
        let next_settled = settled(scan, e, wanted, &next)?.0;
        let of = |flags: &[bool]| flags[..scan.states].to_vec();
        if scan.length == 1 || peel::is_nearer(&of(begun), &of(seeded), &of(&next), &of(&next_settled)) {
            return Ok(Some(End::Last));
        }
    }
    Ok(None)
}

/// The state before every step, stacked.
fn states_of_every_step(scan: &Scan, t: &mut Builder, body: &Tape, inputs: &[Value]) -> Result<Vec<Value>, Error> {
    let mut b = Builder::new(body.name());
    let all: Vec<Value> = body.input_types().into_iter().map(|ty| b.input(ty)).collect();
    let next = b.inline(body, &all)[..scan.states].to_vec();
    let before = &all[scan.constants..scan.constants + scan.states];
    let recorded = Arc::new(b.finish_live([&next, before].concat()));
    let results = t.emit_all(Op::new(scan.clone()), inputs, vec![recorded])?;
    Ok(results[scan.states..].to_vec())
}

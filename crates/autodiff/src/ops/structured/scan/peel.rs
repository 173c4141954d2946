//! A loop whose first or last step is written out in front of it or behind it.
//!
//! A loop carries one set of tangents (cotangents) through all of its steps. A step that has fewer is an ordinary function of
//! its own, differentiated with those that are there, so that no array of zeros stands for the others.

use std::sync::Arc;

use super::Scan;
use crate::ops::prelude::*;
use crate::ops::{Checkpoint, Concat};
use crate::tape::{Kind, Op, Tape};

/// The step that is written out, in the order of the steps.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum End {
    First,
    Last,
}

/// The loop, with one step written out, as a tape from its operands to its results.
pub(super) fn written_out(scan: &Scan, t: &Builder, body: &Arc<Tape>, inputs: &[Value], end: End) -> Result<Tape, Error> {
    let mut b = Builder::new(body.name());
    b.set_label(t.label().clone());
    let operands: Vec<Value> = inputs.iter().map(|v| b.input(t.type_of(*v).clone())).collect();
    let (constants, rest) = operands.split_at(scan.constants);
    let (first, stacks) = rest.split_at(scan.states);
    let mut state = first.to_vec();
    let rest = scan.length - 1;
    let parts = if end == End::First { [(true, 1), (false, rest)] } else { [(false, rest), (true, 1)] };
    let mut done = 0;
    let mut rows: Vec<Vec<Value>> = vec![Vec::new(); body.outputs().len() - scan.states];
    for (alone, length) in parts.into_iter().filter(|(_, length)| *length > 0) {
        let from = if scan.reverse { scan.length - done - length } else { done };
        let mut args = [constants, &state[..]].concat();
        for (x, v) in stacks.iter().zip(&body.inputs()[scan.constants + scan.states..]) {
            let part = part(&mut b, *x, from, length);
            args.push(if alone { b.reshape(part, body.type_of(*v).shape.clone()) } else { part });
        }
        // A checkpoint, whose body may read primal values in reverse mode and is inlined when a tape is lowered.
        let op = if alone { Op::new(Checkpoint { replay: false }) } else { Op::new(Scan { length, ..scan.clone() }) };
        let results = b.emit_all(op, &args, vec![body.clone()])?;
        for (rows, y) in rows.iter_mut().zip(&results[scan.states..]) {
            let shape = b.shape_of(*y).inserted(0, 1);
            rows.push(if alone { b.reshape(*y, shape) } else { *y });
        }
        state = results[..scan.states].to_vec();
        done += length;
    }
    for mut rows in rows {
        if scan.reverse {
            rows.reverse();
        }
        state.push(if rows.len() == 1 { rows[0] } else { b.emit(Op::new(Concat { axis: 0 }), &rows)? });
    }
    Ok(b.finish_live(state))
}

/// `length` rows of x.
pub(super) fn part(b: &mut Builder, x: Value, from: usize, length: usize) -> Value {
    let shape = b.shape_of(x);
    if shape[0] == length {
        return x;
    }
    let mut start = vec![0; shape.rank()];
    start[0] = from;
    let step = vec![1; shape.rank()];
    b.slice(x, start, shape.resized(0, length).to_vec(), step)
}

/// Whether zeros for the flagged inputs meet anything but sums in the tape. In a sum with what is there they end.
pub(super) fn meet_a_product(tape: &Tape, zero: &[bool]) -> bool {
    let mut zeros = vec![false; tape.value_count()];
    tape.inputs().iter().zip(zero).for_each(|(v, zero)| zeros[v.index()] = *zero);
    for e in tape.equations() {
        let mut floats = e.inputs.iter().filter(|v| tape.type_of(**v).dtype.is_float());
        if !e.inputs.iter().any(|v| zeros[v.index()]) {
            continue;
        }
        let all = floats.all(|v| zeros[v.index()]);
        match e.op.kind() {
            Kind::Signed | Kind::Linear if all => e.outputs.iter().for_each(|v| zeros[v.index()] = true),
            Kind::Signed => {}
            _ => return true,
        }
    }
    false
}

/// Whether a step more or less brings the flags of the states nearer to those that are settled. Flags that are handed round for ever
/// do not settle.
pub(super) fn is_nearer(now: &[bool], settled: &[bool], next: &[bool], next_settled: &[bool]) -> bool {
    let count = |flags: &[bool]| flags.iter().filter(|f| **f).count();
    count(next_settled) < count(settled) || count(next) > count(now)
}

//! A loop as its steps, one after the other.

use super::Scan;
use crate::ops::Concat;
use crate::ops::prelude::*;
use crate::tape::{Equation, Op};

/// The results of the loop; the equations of step k are in a scope `k` within the loop's own scope, so that labels tell the steps
/// apart.
pub(super) fn unrolled(scan: &Scan, t: &mut Builder, e: &Equation, inputs: &[Value]) -> Vec<Value> {
    let body = &e.bodies[0];
    let (constants, rest) = inputs.split_at(scan.constants);
    let (first, stacks) = rest.split_at(scan.states);
    let mut state = first.to_vec();
    let mut rows: Vec<Vec<Value>> = vec![Vec::new(); body.outputs().len() - scan.states];
    for step in 0..scan.length {
        let at = if scan.reverse { scan.length - 1 - step } else { step };
        let mut args = [constants, &state[..]].concat();
        for (x, v) in stacks.iter().zip(&body.inputs()[scan.constants + scan.states..]) {
            let row = super::peel::part(t, *x, at, 1);
            args.push(t.reshape(row, body.type_of(*v).shape.clone()));
        }
        let labelled = body.relabelled(&|label| label.in_step(&e.label, at));
        let mut results = t.inline(&labelled, &args);
        for (rows, y) in rows.iter_mut().zip(results.split_off(scan.states)) {
            let shape = t.shape_of(y).inserted(0, 1);
            rows.push(t.reshape(y, shape));
        }
        state = results;
    }
    for (mut rows, y) in rows.into_iter().zip(&body.outputs()[scan.states..]) {
        if scan.reverse {
            rows.reverse();
        }
        state.push(match rows.len() {
            0 => t.full(&body.type_of(*y).batched(0), 0.0),
            1 => rows[0],
            _ => t.emit(Op::new(Concat { axis: 0 }), &rows).expect("rows of one type"),
        });
    }
    state
}

//! `cse`: equal equations are computed once.

use std::collections::HashMap;

use crate::ops::Barrier;
use crate::tape::{Op, Tape, Value, rewrite};

/// Merges equations with the same primitive and the same operands. The first one's label stays. Barriers are not merged: they
/// are there so that what follows is computed again.
pub fn cse(tape: &Tape) -> Tape {
    let mut known: HashMap<(Op, Vec<Value>), Vec<Value>> = HashMap::new();
    rewrite(tape, |b, e, inputs| {
        if e.op.is::<Barrier>() || !e.bodies.is_empty() {
            return None;
        }
        let outputs = known
            .entry((e.op.clone(), inputs.to_vec()))
            .or_insert_with(|| b.emit_all(e.op.clone(), inputs, vec![]).expect("a pass keeps types"));
        Some(outputs.clone())
    })
}

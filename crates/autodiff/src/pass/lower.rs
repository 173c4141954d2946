//! `lower`: bodies inlined, identities erased.

use crate::ops::{Barrier, Cut, Max, Ops, Residual, StopGradient, Sum, op};
use crate::shape::Axes;
use crate::tape::{Builder, Equation, Kernel, Op, Tape, Value, rewrite};

/// The tape without structured equations that are only there to be differentiated, and without identities that are
/// only labels: `residual`, `cut`, `stop_gradient`. After it a tape can be run but no longer be frozen.
pub fn lower(tape: &Tape) -> Tape {
    rewrite(tape, inline)
}

fn inline(b: &mut Builder, e: &Equation, inputs: &[Value]) -> Option<Vec<Value>> {
    if e.op.is::<Residual>() || e.op.is::<Cut>() || e.op.is::<StopGradient>() {
        return Some(inputs.to_vec());
    }
    match e.op.kernel() {
        Kernel::Reduce { axes } if runs(&axes).len() > 1 => {
            let one_run = |x, axes: &Axes| b.put(along(&e.op, axes.clone()), &[x]);
            Some(vec![runs(&axes).iter().rev().fold(inputs[0], one_run)])
        }
        Kernel::Body => Some(b.inline(&lower(&e.bodies[0]), inputs)),
        Kernel::Replay => {
            let behind: Vec<Value> = inputs.iter().map(|v| b.put(op(Barrier), &[*v])).collect();
            Some(b.inline(&lower(&e.bodies[0]), &behind))
        }
        _ => None,
    }
}

/// The same reduction over other axes.
///
/// # Panics
/// For a reduction that is not listed here: a new one must be added, or it would be computed as another one.
fn along(reduction: &Op, axes: Axes) -> Op {
    if reduction.is::<Sum>() {
        op(Sum { axes })
    } else if reduction.is::<Max>() {
        op(Max { axes })
    } else {
        let name = reduction.name();
        panic!("{name} reduces axes that are not neighbours, and `lower` knows no way to split it")
    }
}

/// Neighbouring axes together, so that a reduction sees `[outer, n, inner]`: several runs are several reductions.
fn runs(axes: &Axes) -> Vec<Axes> {
    axes.chunk_by(|a, b| a + 1 == *b).map(Axes::new).collect()
}

/// The tape without the identities that `is_erased` picks, here and in bodies.
pub fn erase(tape: &Tape, is_erased: &dyn Fn(&Equation) -> bool) -> Tape {
    rewrite(tape, |b, e, inputs| {
        if is_erased(e) {
            return Some(inputs.to_vec());
        }
        if e.bodies.is_empty() {
            return None;
        }
        let bodies = e.bodies.iter().map(|body| std::sync::Arc::new(erase(body, is_erased))).collect();
        Some(b.emit_all(e.op.clone(), inputs, bodies).expect("erasing keeps types"))
    })
}

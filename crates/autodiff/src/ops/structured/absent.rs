//! Declared derivatives where a direction is absent, which means zero.

use crate::ops::Ops;
use crate::tape::{AnyRule, Builder, Equation, Kind, Tape, Term, Value};

/// [`Builder::inline`] of a tape that is linear in the arguments that may be absent. Absence passes through linear and
/// multilinear equations, so what zeros would only be multiplied by is never written, and an absent result is zero.
///
/// Other equations get the zeros written out.
pub(super) fn inline(t: &mut Builder, tape: &Tape, args: &[Option<Value>]) -> Vec<Option<Value>> {
    let label = t.label().clone();
    let mut map: Vec<Option<Value>> = vec![None; tape.value_count()];
    for (v, arg) in tape.inputs().iter().zip(args) {
        map[v.index()] = *arg;
    }
    for e in tape.equations() {
        let operands: Vec<Option<Value>> = e.inputs.iter().map(|v| map[v.index()]).collect();
        if operands.contains(&None)
            && let Some(result) = with_absent(t, tape, e, &operands)
        {
            map[e.outputs[0].index()] = result;
            continue;
        }
        t.set_label(e.label.clone());
        let zero = |t: &mut Builder, v: &Value| t.full(tape.type_of(*v), 0.0);
        let operands: Vec<Value> =
            operands.iter().zip(&e.inputs).map(|(x, v)| x.unwrap_or_else(|| zero(t, v))).collect();
        let outputs =
            t.emit_all(e.op.clone(), &operands, e.bodies.clone()).expect("the types are those of the tape itself");
        for (v, y) in e.outputs.iter().zip(outputs) {
            map[v.index()] = Some(y);
        }
    }
    t.set_label(label);
    tape.outputs().iter().map(|v| map[v.index()]).collect()
}

/// What an equation with absent operands makes of them; `None` if its rule does not say.
#[allow(clippy::option_option)]
fn with_absent(t: &mut Builder, tape: &Tape, e: &Equation, operands: &[Option<Value>]) -> Option<Option<Value>> {
    let is_float = |v: &Value| tape.type_of(*v).dtype.is_float();
    match e.op.kind() {
        Kind::Signed => {
            let AnyRule::Signed(terms) = e.op.rule() else { unreachable!("its kind is that of its rule") };
            let mut present = operands.iter().zip(terms).filter_map(|(x, term)| Some(((*x)?, term)));
            match (present.next(), present.next()) {
                (None, _) => Some(None),
                (Some((x, Term::Plus)), None) => Some(Some(x)),
                (Some((x, Term::Minus)), None) => {
                    t.set_label(e.label.clone());
                    Some(Some(t.neg(x)))
                }
                _ => None,
            }
        }
        Kind::Linear => {
            let all = operands.iter().zip(&e.inputs).all(|(x, v)| x.is_none() || !is_float(v));
            all.then_some(None)
        }
        Kind::Multilinear => Some(None),
        _ => None,
    }
}

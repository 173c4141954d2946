//! Passes: tapes to tapes with the same results, to the bit, and less work.
//!
//! `lower` inlines bodies and erases identities (only after the last transform that freezes: it erases `residual`);
//! `simplify` applies rewrites that change no bit, `cse` computes equal equations once, dead equations go last.
//! Not rewrites: `x·0 → 0` and `x − x → 0` (NaN, infinity, −0).

mod cse;
mod lower;
mod simplify;

pub use cse::cse;
pub use lower::{erase, lower};
pub use simplify::simplify;

use crate::tape::{Builder, Equation, Tape, Value};

/// Everything, in the order in which the executor wants it.
pub fn optimize(tape: &Tape) -> Tape {
    let tape = cse(&lower(tape));
    // Simplifying uncovers equal equations, and merging them uncovers what simplifies.
    cse(&simplify(&cse(&simplify(&tape)))).without_dead()
}

/// Rewrites a tape equation by equation: `f(builder, equation, operands)` gives the outputs, or `None` to copy it.
fn rewrite(tape: &Tape, mut f: impl FnMut(&mut Builder, &Equation, &[Value]) -> Option<Vec<Value>>) -> Tape {
    let mut b = Builder::new(tape.name());
    let mut map: Vec<Option<Value>> = vec![None; tape.value_count()];
    for v in tape.inputs() {
        map[v.index()] = Some(b.input(tape.type_of(*v).clone()));
    }
    for e in tape.equations() {
        let inputs: Vec<Value> = e.inputs.iter().map(|v| map[v.index()].expect("in order")).collect();
        b.set_label(e.label.clone());
        let outputs = f(&mut b, e, &inputs)
            .unwrap_or_else(|| b.emit_all(e.op.clone(), &inputs, e.bodies.clone()).expect("a pass keeps types"));
        for (v, new) in e.outputs.iter().zip(outputs) {
            debug_assert_eq!(tape.type_of(*v), b.type_of(new), "a pass keeps types: {}", e.op.name());
            map[v.index()] = Some(new);
        }
    }
    let outputs = tape.outputs().iter().map(|v| map[v.index()].expect("defined")).collect();
    b.finish_live(outputs)
}

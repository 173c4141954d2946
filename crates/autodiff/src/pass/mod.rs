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

use crate::tape::{Builder, Tape, Value};

/// Everything, in the order in which the executor wants it.
pub fn optimize(tape: &Tape) -> Tape {
    let tape = cse(&lower(tape));
    // Simplifying uncovers equal equations, and merging them uncovers what simplifies.
    cse(&simplify(&cse(&simplify(&tape)))).without_dead()
}

/// [`optimize`] of two programs that hand values on: all outputs of `first` from position `kept` on are the first inputs
/// of `second`.
///
/// What turns out to be computed once in the first is one input of the second, which lets its own common subexpressions
/// be found.
///
/// # Panics
/// If what is handed on has not the types of the second's first inputs.
pub fn optimize_halves(first: &Tape, kept: usize, second: &Tape) -> (Tape, Tape) {
    let first = optimize(first);
    let handed = &first.outputs()[kept..];
    let mut unique: Vec<usize> = Vec::new();
    let mut b = Builder::new(second.name());
    let mut args: Vec<Value> = Vec::new();
    for (i, v) in handed.iter().enumerate() {
        match handed[..i].iter().position(|w| w == v) {
            Some(known) => args.push(args[known]),
            None => {
                unique.push(kept + i);
                args.push(b.input(first.type_of(*v).clone()));
            }
        }
    }
    let own = &second.inputs()[handed.len()..];
    args.extend(own.iter().map(|v| b.input(second.type_of(*v).clone())).collect::<Vec<_>>());
    let outputs = b.inline(second, &args);
    let second = optimize(&b.finish(outputs).expect("its own values"));
    (first.with_outputs((0..kept).chain(unique)), second)
}

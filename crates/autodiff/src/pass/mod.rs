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

use crate::tape::Tape;

/// Everything, in the order in which the executor wants it.
pub fn optimize(tape: &Tape) -> Tape {
    let tape = cse(&lower(tape));
    // Simplifying uncovers equal equations, and merging them uncovers what simplifies.
    cse(&simplify(&cse(&simplify(&tape)))).without_dead()
}

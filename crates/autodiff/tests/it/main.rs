//! The engine's tests. One binary, a page a promise:
//!
//! - `promises`: every primitive on its samples, every engine, every transform; writes `docs/coverage.md`;
//! - `absent`: an unread result that is infinite or NaN touches no derivative;
//! - `infinities`: derivatives where an operand is infinite or next to a pole;
//! - `programs`: results, donated storage, the cache, the memory of a checkpoint;
//! - `linalg`: systems, determinants and factorisations by hand: closed forms, degenerate matrices, bad conditions;
//! - `nesting`: transforms in transforms, captured variables, no perturbation confusion;
//! - `extremes`: every elementwise rule over the whole range of f32;
//! - `freezing`: the parts of a Hessian, and that each is a tape that can be differentiated again;
//! - `nans`: what becomes of a NaN and of infinities in every primitive;
//! - `operations`: what is composed of primitives: values, derivatives, ends, mistakes;
//! - `eager`: tensors outside a trace have the bits of compiled functions, and say where a mistake is;
//! - `overflow`: derivatives that are ordinary numbers although a partial on the way is none;
//! - `opened`: functions opened at their cut, and `vᵀHv` taken apart equation by equation;
//! - `mistakes`: what is said to a user who made one, in full;
//! - `golden`: passes and transforms as before/after text;
//! - `plan`: the text of plans, and faults planted in them;
//! - `random`: programs nobody wrote (`generate`), to third order, by every road (`roads`), with and without `sides`
//!   that nobody reads;
//! - `planted`: bugs that these must find;
//! - `split`: random models under random losses, whose Hessians come apart at the cut;
//! - `sums`: long sums in f32 keep their digits;
//! - `threads`: the same bits on any number of them;
//! - `tidy`: which module may use which, and no `unsafe` outside `kernels`.

mod absent;
mod eager;
mod ends;
mod extremes;
mod freezing;
mod generate;
mod golden;
mod infinities;
mod linalg;
mod mistakes;
mod nans;
mod nesting;
mod opened;
mod operations;
mod overflow;
mod plan;
mod planted;
mod programs;
mod promises;
mod random;
mod roads;
mod sides;
mod split;
mod sums;
mod support;
mod threads;
mod tidy;

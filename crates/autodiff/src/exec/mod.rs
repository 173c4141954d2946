//! Running tapes: the executor, and the plain reference interpreter that checks it.
//!
//! A [`Program`] is a tape optimised, fused and planned once, replayed many times. [`mod@reference`] runs the same tapes by
//! plain loops over any number type and shares no kernel with it.

pub mod double_double;
mod fused;
mod loops;
mod plan;
mod program;
pub mod reference;
pub mod scalar;
mod step;

pub use program::{Options, Program, set_default_threads};
pub use quadric_kernels::Isa;

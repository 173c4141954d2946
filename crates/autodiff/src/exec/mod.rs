//! Running tapes.
//!
//! A [`Program`] is a tape optimised and planned once ([`Plan`](crate::plan::Plan)), replayed many times. (The plain interpreter
//! that judges it is [`reference`](crate::reference).)

mod fused;
mod loops;
mod program;
mod room;
mod step;

pub use program::{Options, Program, set_default_threads};
pub use quadric_kernels::Isa;

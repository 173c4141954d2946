//! The transforms as functions of closures, inside a trace and outside.
//!
//! Each records its closure on an inner tape, transforms that tape, and writes the result into the open trace. So any
//! nesting works, over variables captured from every level.

mod batch;
mod common;
mod first;
mod linearize;
mod second;
mod structured;

pub use batch::{hessian, jacobian_forward, jacobian_reverse, vmap, vmap_axes};
pub use first::{grad, jvp, value_and_grad, value_and_grad_aux, vjp};
pub use linearize::{Linear, linearize};
pub use second::{hvp, hvp_of_part, hvps};
pub use structured::{checkpoint, scan, scan_n};

//! Elementary functions: branch-free, one text for `f32` and `f64`, accurate to a stated number of ulps.
//!
//! Each function is scalar code in which every branch is a select, so that a loop over it becomes vector code (see
//! [`isa`](crate::isa)). What differs between the formats (constants, polynomials, bit tricks) is in [`Lane`]; the
//! algorithms are written once over it. `FMA` says whether multiply-add is fused: it changes last bits and is fixed
//! for the process, so an element's result depends on its value alone, not on its place in a slice.
//!
//! The polynomials are fits by `tools/coefficients.py`; the reductions are the classical ones (Cody & Waite 1980;
//! Tang 1989; FDLIBM, Sun Microsystems 1993). Bounds are the largest errors **measured** against 50-digit references
//! and the standard library over millions of points (`pointwise/tests.rs`, from the table of `tools/references.py`), not proofs.

mod erf;
mod exp;
mod f32;
mod f64;
mod gamma;
mod lane;
mod log;
mod trig;

pub use lane::Lane;

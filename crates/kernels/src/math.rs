//! Elementary functions and the gamma function's kin, accurate to a stated number of ulps.
//!
//! An elementary function is scalar code in which every branch is a select, so that a loop over it becomes vector code (see
//! [`isa`](crate::isa)). What differs between the formats (constants, polynomials, bit tricks) is in [`Lane`]; the
//! algorithms are written once over it. `FMA` says whether multiply-add is fused: it changes last bits and is fixed
//! for the process, so an element's result depends on its value alone, not on its place in a slice. Some pages differ: `trig` leaves
//! arguments beyond 2²⁰ to the standard library; `gamma`, `erf_inv` and `inverse` compute in `f64`, with branches, one element at a time, and ln |Γ|
//! and what is in `inverse` are `libm`'s.
//!
//! The polynomials are fits by `tools/coefficients.py`; the reductions are the classical ones (Cody & Waite 1980;
//! Tang 1989; FDLIBM, Sun Microsystems 1993). Bounds are the largest errors **measured** against 60-digit references
//! (`pointwise/tests/accuracy.rs`, from the table of `tools/references.py`), not proofs.

mod erf;
mod erf_inv;
mod exp;
mod f32;
mod f64;
mod gamma;
mod inverse;
mod lane;
mod log;
mod normal;
mod power;
mod softplus;
mod trig;

pub use lane::Lane;
pub(crate) use lane::two_product;
pub use power::pow_derivative;

/// Every function of two numbers of this module, for the tests.
#[cfg(test)]
pub(crate) const BINARY: &[crate::pointwise::Binary] = softplus::BINARY;

/// Every function of this module, for the tests.
#[cfg(test)]
pub(crate) const DECLARED: &[&[crate::pointwise::Unary]] = &[
    erf::DECLARED,
    erf_inv::DECLARED,
    exp::DECLARED,
    gamma::DECLARED,
    gamma::FAMILIES,
    inverse::DECLARED,
    log::DECLARED,
    normal::DECLARED,
    softplus::DECLARED,
    trig::DECLARED,
];

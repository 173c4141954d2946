#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod cause;
mod check;
mod checker;
mod checks;
pub mod differences;
mod failure;
mod judge;
mod number;
mod passed;
mod place;
mod polynomial;
mod random;
mod reason;
mod scalar;
#[cfg(feature = "proptest")]
pub mod strategies;
mod unresolved;
mod verdict;

pub use cause::Cause;
pub use check::Check;
pub use checker::Checker;
pub use checks::adjoint::{adjoint, hessian_symmetry};
pub use checks::control;
pub use checks::gradient::gradient;
pub use checks::hvp::{hvp, hvp_from_value};
pub use checks::jvp::jvp;
pub use checks::taylor::{Finding, Remainders, TaylorReport, taylor, taylor_coefficients, taylor_with_hvp};
pub use checks::third::{third, third_symmetry};
pub use checks::vjp::vjp;
pub use failure::{Failure, Mismatch};
pub use passed::Passed;
pub use place::Place;
pub use polynomial::Polynomial;
pub use reason::Reason;
pub use scalar::Scalar;
pub use unresolved::Unresolved;
pub use verdict::{NotPassed, Verdict};

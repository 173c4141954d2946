//! Softplus: a smooth ReLU.

use quadric_autodiff::trace::Var;

use crate::LIBRARY;

/// `ln(1 + eˣ)`, which neither overflows nor cancels; `φ' = σ(x)`. There is no threshold beyond which it is x, as torch has it at 20.
#[track_caller]
#[must_use]
pub fn softplus(x: Var) -> Var {
    LIBRARY.nonlinear_scope("softplus", || x.softplus())
}

//! Softsign: a tanh that saturates slowly.

use quadric_autodiff::trace::{Var, select};

use crate::LIBRARY;

/// `x/(1 + |x|)` ([Glorot & Bengio 2010](https://proceedings.mlr.press/v9/glorot10a.html)); `φ' = 1/(1 + |x|)²` and `φ'' = −2 sign(x)/(1 + |x|)³`, which
/// jumps at 0, where it is 0.
///
/// From |x| = 1 on it is computed as `±(1 − 1/(1 + |x|))`: the derivative of the quotient is a difference that loses its digits there.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::activations::softsign;
/// let y = compile(|x: Var| softsign(x)).call(tensor![-3.0, 0.0, 1.0])?;
/// assert_eq!(y, tensor![-0.75, 0.0, 0.5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn softsign(x: Var) -> Var {
    LIBRARY.nonlinear_scope("softsign", || {
        let near = x.abs().lt(1.0);
        let t = select(near, x, 0.0);
        let far = x.sign() * (1.0 - (x.abs() + 1.0).recip());
        select(near, t / (t.abs() + 1.0), far)
    })
}

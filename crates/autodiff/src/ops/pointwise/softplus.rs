//! `softplus`: the softplus function.

use crate::ops::Logistic;
use crate::ops::prelude::*;

/// `y = ln(1 + eˣ)`, a smooth max(x, 0); relatively accurate for negative x too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Softplus;

impl Elementwise<1> for Softplus {
    const NAME: &'static str = "softplus";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = logistic(x)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.put(op(Logistic), &[x])])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SOFTPLUS)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.max(S::ZERO) + (-x.abs()).exp().log1p()
    }
}

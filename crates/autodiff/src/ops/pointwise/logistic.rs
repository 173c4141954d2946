//! `logistic`: the logistic sigmoid.

use crate::ops::prelude::*;

/// `y = 1/(1 + e^(−x))`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Logistic;

impl Elementwise<1> for Logistic {
    const NAME: &'static str = "logistic";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = y logistic(−x)`: in saturation 1 − y has lost the digits that logistic(−x) has.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], y| {
            let minus = t.neg(x);
            let rest = t.put(op(Logistic), &[minus]);
            [t.mul(y, rest)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::LOGISTIC)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.logistic()
    }
}

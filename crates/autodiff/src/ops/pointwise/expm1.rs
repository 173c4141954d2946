//! `expm1`: the exponential minus one.

use crate::ops::prelude::*;

/// `y = eˣ − 1`, accurate near 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Expm1;

impl Elementwise<1> for Expm1 {
    const NAME: &'static str = "expm1";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = eˣ`; not `y + 1`, which loses all digits where `y` is near −1.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.exp(x)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::EXPM1)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.expm1()
    }
}

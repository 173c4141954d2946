//! `exp`: the exponential.

use crate::ops::prelude::*;

/// `y = eˣ`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Exp;

impl Elementwise<1> for Exp {
    const NAME: &'static str = "exp";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = eˣ`, which is the output.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, _, [_], y| [y])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::EXP)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.exp()
    }
}

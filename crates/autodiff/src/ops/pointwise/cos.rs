//! `cos`: the cosine, of an angle in radians.

use crate::ops::prelude::*;

/// `y = cos x`, x in radians.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cos;

impl Elementwise<1> for Cos {
    const NAME: &'static str = "cos";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = −sin x`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| {
            let sin = t.sin(x);
            [t.neg(sin)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::COS)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.cos()
    }
}

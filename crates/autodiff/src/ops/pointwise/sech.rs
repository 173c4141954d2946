//! `sech`: the hyperbolic secant.

use crate::ops::Tanh;
use crate::ops::prelude::*;

/// `y = 1/cosh x = 2/(eˣ + e⁻ˣ)`, 0 where cosh overflows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sech;

impl Elementwise<1> for Sech {
    const NAME: &'static str = "sech";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = −y tanh x`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], y| {
            let tanh = t.put(op(Tanh), &[x]);
            let slope = t.mul(y, tanh);
            [t.neg(slope)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SECH)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let e = (-x.abs()).exp();
        (e + e) / (S::ONE + e * e)
    }
}

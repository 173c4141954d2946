//! `tanh`: the hyperbolic tangent.

use crate::ops::Sech;
use crate::ops::prelude::*;

/// `y = tanh x`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tanh;

impl Elementwise<1> for Tanh {
    const NAME: &'static str = "tanh";
    const DOMAIN: [Domain; 1] = [Domain::Range(-2.0, 2.0)];

    /// `∂ = sech² x`: in saturation 1 − y² has lost the digits that sech has.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| {
            let sech = t.put(op(Sech), &[x]);
            [t.mul(sech, sech)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::TANH)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.tanh()
    }
}

//! `pow`: a power with a real exponent.

use crate::ops::PowDerivative;
use crate::ops::prelude::*;

/// `y = aᵇ` for floats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pow;

impl Elementwise<2> for Pow {
    const NAME: &'static str = "pow";
    const DOMAIN: [Domain; 2] = [Domain::Positive, Domain::Range(-2.0, 2.0)];

    /// `∂a = b aᵇ⁻¹`, `∂b = aᵇ ln a`, by [`PowDerivative`], which says what they are at a = 0.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Diagonal(|_, t, [a, b], _, u, operand| {
            t.put(op(PowDerivative { i: 1 - operand, j: operand }), &[u, a, b])
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::POW)
    }

    fn value<S: Scalar>(&self, [a, b]: [S; 2]) -> S {
        a.pow(b)
    }
}

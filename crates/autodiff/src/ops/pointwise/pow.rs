//! `pow`: a power with a real exponent.

use crate::ops::And;
use crate::ops::prelude::*;

/// `y = aᵇ` for floats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Pow;

impl Elementwise<2> for Pow {
    const NAME: &'static str = "pow";
    const DOMAIN: [Domain; 2] = [Domain::Positive, Domain::Range(-2.0, 2.0)];

    /// `∂a = b aᵇ⁻¹`, which is 0 at a = b = 0 as `a⁰ = 1` has it, at every order; `∂b = y ln a`, 0 at a = 0 for b > 0, where y is 0.
    ///
    /// At 0⁰ the derivatives in b do not exist, and are infinite or NaN.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Pointwise(|_, t, [a, b], y| {
            let (zero, one) = (t.like(a, 0.0), t.like(b, 1.0));
            let (a_is_zero, b_is_zero) = (t.eq(a, zero), t.eq(b, zero));
            let corner = t.put(op(And), &[a_is_zero, b_is_zero]);
            // Selected before the power is taken: an infinite power would meet a zero cotangent.
            let less = t.sub(b, one);
            let less = t.select(corner, zero, less);
            let power = t.pow(a, less);
            // √b² is b at the corner, and its slope there is NaN.
            let square = t.mul(b, b);
            let square = t.select(corner, square, one);
            let root = t.sqrt(square);
            let factor = t.select(corner, root, b);
            let by_base = t.mul(factor, power);
            let positive = t.lt(zero, b);
            let vanishes = t.put(op(And), &[a_is_zero, positive]);
            let safe = t.select(vanishes, one, a);
            let log = t.log(safe);
            [by_base, t.mul(y, log)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::POW)
    }

    fn value<S: Scalar>(&self, [a, b]: [S; 2]) -> S {
        a.pow(b)
    }
}

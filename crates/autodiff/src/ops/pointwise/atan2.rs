//! `atan2`: the angle of a point.

use crate::ops::prelude::*;

/// `y = atan2(a, b)`: the angle of the point `(b, a)` from the first axis, in `(−π, π]`.
///
/// At the origin, and where both operands are infinite, it is what IEEE 754 says, and the derivative is NaN. Where one operand is infinite,
/// all derivatives are 0, their limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atan2;

impl Elementwise<2> for Atan2 {
    const NAME: &'static str = "atan2";
    const DOMAIN: [Domain; 2] = [Domain::NonZero, Domain::NonZero];

    /// `∂a = b/(a² + b²)`, `∂b = −a/(a² + b²)`.
    ///
    /// With l the operand of larger magnitude, s the other one and `r = s/l`, `a² + b² = l (l + s r)` (Smith 1962): no square leaves the
    /// dtype, and an infinite l gives 0 here and in all that is derived from this.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Diagonal(|_, t, [a, b], _, u, i| {
            let (a_size, b_size) = (t.abs(a), t.abs(b));
            let a_is_large = t.le(b_size, a_size);
            let (large, small) = (t.select(a_is_large, a, b), t.select(a_is_large, b, a));
            let ratio = t.div(small, large);
            let product = t.mul(small, ratio);
            let length = t.add(large, product);
            // u large/(a² + b²) and u small/(a² + b²).
            let part = t.mul(u, ratio);
            let (of_large, of_small) = (t.div(u, length), t.div(part, length));
            if i == 0 {
                t.select(a_is_large, of_small, of_large)
            } else {
                let minus_by_b = t.select(a_is_large, of_large, of_small);
                t.neg(minus_by_b)
            }
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::ATAN2)
    }

    /// The nearest `f64` turned by what is left, `(a cos θ − b sin θ)/(b cos θ + a sin θ)`, whose arc tangent is itself.
    fn value<S: Scalar>(&self, [a, b]: [S; 2]) -> S {
        let near = S::from_f64(a.to_f64().atan2(b.to_f64()));
        let (sin, cos) = (near.sin(), near.cos());
        let rest = (a * cos - b * sin) / (b * cos + a * sin);
        // At zeros and infinities the correction is not finite, or it is 0, which would turn −0 into 0.
        if rest.to_f64().is_finite() && rest != S::ZERO { near + rest } else { near }
    }
}

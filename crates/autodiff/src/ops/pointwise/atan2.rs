//! `atan2`: the angle of a point.

use crate::ops::StopGradient;
use crate::ops::prelude::*;

/// `y = atan2(a, b)`: the angle of the point `(b, a)` from the first axis, in `(−π, π]`. At the origin it is what IEEE 754 says of
/// signed zeros, and the derivative is NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atan2;

impl Elementwise<2> for Atan2 {
    const NAME: &'static str = "atan2";
    const DOMAIN: [Domain; 2] = [Domain::NonZero, Domain::NonZero];

    /// `∂a = b/(a² + b²)`, `∂b = −a/(a² + b²)`, both divided by the larger of |a| and |b| first, so that no square leaves the dtype.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Pointwise(|_, t, [a, b], _| {
            let (a_size, b_size) = (t.abs(a), t.abs(b));
            let size = t.maximum(a_size, b_size);
            // The scale drops out of the value, so it is none of the derivative's business.
            let scale = t.put(op(StopGradient), &[size]);
            let (u, v) = (t.div(a, scale), t.div(b, scale));
            let (u2, v2) = (t.mul(u, u), t.mul(v, v));
            let square = t.add(u2, v2);
            let square = t.mul(square, scale);
            let minus = t.neg(u);
            [t.div(v, square), t.div(minus, square)]
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
        // At zeros and infinities it is none, or 0, which would take the sign of −0.
        if rest.to_f64().is_finite() && rest != S::ZERO { near + rest } else { near }
    }
}

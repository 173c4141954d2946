//! `hypot`: the length of a vector of two entries.

use crate::ops::prelude::*;

/// `y = √(a² + b²)`, with no square that leaves the dtype; ∞ where an operand is infinite, even if the other is NaN (IEEE 754).
///
/// At the origin there is no derivative, and it is NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Hypot;

impl Elementwise<2> for Hypot {
    const NAME: &'static str = "hypot";
    const DOMAIN: [Domain; 2] = [Domain::NonZero, Domain::NonZero];

    /// `∂a = a/y`, `∂b = b/y`.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Pointwise(|_, t, [a, b], y| [t.div(a, y), t.div(b, y)])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::HYPOT)
    }

    fn value<S: Scalar>(&self, [a, b]: [S; 2]) -> S {
        let (a, b) = (a.abs(), b.abs());
        if a.to_f64().is_infinite() || b.to_f64().is_infinite() {
            return S::from_f64(f64::INFINITY);
        }
        let (large, small) = (a.max(b), a.min(b));
        if large == S::ZERO || large.is_nan() {
            return large;
        }
        let ratio = small / large;
        large * (S::ONE + ratio * ratio).sqrt()
    }
}

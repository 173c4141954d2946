//! `atan`: the arc tangent.

use crate::ops::prelude::*;
use crate::ops::{Atan2, Hypot};

/// `y` in `[−π/2, π/2]` with `tan y = x`, in radians.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atan;

impl Elementwise<1> for Atan {
    const NAME: &'static str = "atan";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `u ∂ = (u/h)/h` with `h = √(1 + x²)`, whose square may overflow.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let one = t.like(x, 1.0);
            let h = t.put(op(Hypot), &[x, one]);
            let quotient = t.div(u, h);
            t.div(quotient, h)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ATAN)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        Atan2.value([x, S::ONE])
    }
}

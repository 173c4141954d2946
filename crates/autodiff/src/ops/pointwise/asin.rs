//! `asin`: the arc sine.

use crate::ops::Atan2;
use crate::ops::prelude::*;

/// `y` in `[−π/2, π/2]` with `sin y = x`, in radians; NaN for |x| > 1. The derivative is infinite at ±1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asin;

impl Elementwise<1> for Asin {
    const NAME: &'static str = "asin";
    const DOMAIN: [Domain; 1] = [Domain::Range(-0.9, 0.9)];

    /// `u ∂ = u/√((1 − x)(1 + x))`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let root = cofunction(t, x);
            t.div(u, root)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ASIN)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        Atan2.value([x, ((S::ONE - x) * (S::ONE + x)).sqrt()])
    }
}

/// `√((1 − x)(1 + x))`, the cosine where x is the sine: no digits cancel near ±1.
pub(super) fn cofunction(t: &mut Builder, x: Value) -> Value {
    let one = t.like(x, 1.0);
    let (below, above) = (t.sub(one, x), t.add(one, x));
    let square = t.mul(below, above);
    t.sqrt(square)
}

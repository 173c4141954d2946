//! `atanh`: the inverse of the hyperbolic tangent.

use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = ½ ln((1 + x)/(1 − x))`, whose tanh is x; ±∞ at ±1, NaN beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atanh;

impl Elementwise<1> for Atanh {
    const NAME: &'static str = "atanh";
    const DOMAIN: [Domain; 1] = [Domain::Range(-0.9, 0.9)];

    /// `u ∂ = (u/(1 − x))/(1 + x)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let one = t.like(x, 1.0);
            let (below, above) = (t.sub(one, x), t.add(one, x));
            let quotient = t.div(u, below);
            t.div(quotient, above)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ATANH)
    }

    /// By log1p, which keeps the digits of a small x.
    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let size = x.abs().widened();
        let y = ((size + size) / (Dd::ONE - size)).log1p() * Dd::from_f64(0.5);
        if x == S::ZERO { x } else { S::rounded(if x < S::ZERO { -y } else { y }) }
    }
}

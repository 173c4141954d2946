//! `asinh`: the inverse of the hyperbolic sine.

use crate::ops::Hypot;
use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = ln(x + √(x² + 1))`, whose sinh is x; accurate near 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Asinh;

impl Elementwise<1> for Asinh {
    const NAME: &'static str = "asinh";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `u ∂ = u/√(x² + 1)`, whose square may overflow.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let one = t.like(x, 1.0);
            let h = t.put(op(Hypot), &[x, one]);
            t.div(u, h)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ASINH)
    }

    /// By log1p, which keeps the digits of a small x.
    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let size = x.abs().widened();
        let y = if size.to_f64() > 1e20 {
            size.log() + Dd::from_f64(2.0).log()
        } else {
            let square = size * size;
            (size + square / (Dd::ONE + (Dd::ONE + square).sqrt())).log1p()
        };
        if x == S::ZERO { x } else { S::rounded(if x < S::ZERO { -y } else { y }) }
    }
}

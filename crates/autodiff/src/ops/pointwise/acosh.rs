//! `acosh`: the inverse of the hyperbolic cosine.

use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = ln(x + √(x² − 1)) ≥ 0`, whose cosh is x; NaN for x < 1. The derivative is infinite at 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acosh;

impl Elementwise<1> for Acosh {
    const NAME: &'static str = "acosh";
    const DOMAIN: [Domain; 1] = [Domain::Range(1.2, 4.0)];

    /// `u ∂ = (u/√(x − 1))/√(x + 1)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let one = t.like(x, 1.0);
            let (below, above) = (t.sub(x, one), t.add(x, one));
            let (below, above) = (t.sqrt(below), t.sqrt(above));
            let quotient = t.div(u, below);
            t.div(quotient, above)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ACOSH)
    }

    /// By log1p, which keeps the digits of x − 1.
    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let wide = x.widened();
        if wide.to_f64() > 1e20 {
            return S::rounded(wide.log() + Dd::from_f64(2.0).log());
        }
        if wide < Dd::ONE {
            return S::from_f64(f64::NAN);
        }
        let above = wide - Dd::ONE;
        S::rounded((above + (above * (above + Dd::from_f64(2.0))).sqrt()).log1p())
    }
}

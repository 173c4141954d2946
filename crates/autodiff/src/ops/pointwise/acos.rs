//! `acos`: the arc cosine.

use crate::ops::Atan2;
use crate::ops::prelude::*;
use super::asin::cofunction;

/// `y` in `[0, π]` with `cos y = x`, in radians; NaN for |x| > 1. The derivative is infinite at ±1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acos;

impl Elementwise<1> for Acos {
    const NAME: &'static str = "acos";
    const DOMAIN: [Domain; 1] = [Domain::Range(-0.9, 0.9)];

    /// `u ∂ = −u/√((1 − x)(1 + x))`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [x], _, u, _| {
            let root = cofunction(t, x);
            let quotient = t.div(u, root);
            t.neg(quotient)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ACOS)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        Atan2.value([((S::ONE - x) * (S::ONE + x)).sqrt(), x])
    }
}

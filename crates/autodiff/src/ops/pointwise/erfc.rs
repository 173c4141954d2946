//! `erfc`: the complementary error function.

use crate::ops::Gaussian;
use crate::ops::prelude::*;

/// `y = 1 − erf x`, relatively accurate in the right tail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Erfc;

impl Elementwise<1> for Erfc {
    const NAME: &'static str = "erfc";
    const DOMAIN: [Domain; 1] = [Domain::Range(-2.0, 2.0)];

    /// `∂ = −2/√π e^(−x²)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| {
            let density = t.put(op(Gaussian), &[x]);
            let factor = t.like(x, -std::f64::consts::FRAC_2_SQRT_PI);
            [t.mul(factor, density)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ERFC)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        S::rounded(x.widened().erfc())
    }
}

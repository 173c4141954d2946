//! `normal_cdf`: the standard normal distribution function.

use crate::ops::HalfGaussian;
use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = Φ(x) = 1/√(2π) ∫ e^(−t²/2) dt` from −∞ to x, relatively accurate in the left tail too, which `(1 + erf(x/√2))/2` loses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct NormalCdf;

impl Elementwise<1> for NormalCdf {
    const NAME: &'static str = "normal_cdf";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = e^(−x²/2)/√(2π)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| {
            let density = t.put(op(HalfGaussian), &[x]);
            let factor = t.like(x, FRAC_1_SQRT_TAU);
            [t.mul(factor, density)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::NORMAL_CDF)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let half = Dd::from_f64(0.5);
        S::rounded(half * (-x.widened() * half.sqrt()).erfc())
    }
}

/// 1/√(2π).
const FRAC_1_SQRT_TAU: f64 = 0.398_942_280_401_432_7;

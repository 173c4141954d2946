//! `half_gaussian`: the Gaussian of unit variance, up to its factor.

use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = e^(−x²/2)`, √(2π) times the standard normal density; relatively accurate down to where it underflows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HalfGaussian;

impl Elementwise<1> for HalfGaussian {
    const NAME: &'static str = "half_gaussian";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = −x y`; NaN where x is infinite.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], y| {
            let slope = t.mul(x, y);
            [t.neg(slope)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::HALF_GAUSSIAN)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let x = x.widened();
        S::rounded((-(x * x) * Dd::from_f64(0.5)).exp())
    }
}

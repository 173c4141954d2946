//! `gaussian`: the Gaussian.

use crate::ops::prelude::*;

/// `y = e^(−x²)`, relatively accurate down to where it underflows: exp of a rounded square is not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Gaussian;

impl Elementwise<1> for Gaussian {
    const NAME: &'static str = "gaussian";
    const DOMAIN: [Domain; 1] = [Domain::Range(-2.0, 2.0)];

    /// `∂ = −2 x y`; NaN where x is infinite.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], y| {
            let factor = t.like(x, -2.0);
            let slope = t.mul(x, y);
            [t.mul(factor, slope)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::GAUSSIAN)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let x = x.widened();
        S::rounded((-(x * x)).exp())
    }
}

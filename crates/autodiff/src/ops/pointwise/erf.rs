//! `erf`: the error function.

use crate::ops::Gaussian;
use crate::ops::prelude::*;

/// `y = 2/√π ∫₀ˣ e^(−t²) dt`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Erf;

impl Elementwise<1> for Erf {
    const NAME: &'static str = "erf";
    const DOMAIN: [Domain; 1] = [Domain::Range(-2.0, 2.0)];

    /// `∂ = 2/√π e^(−x²)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| {
            let density = t.put(op(Gaussian), &[x]);
            let factor = t.like(x, std::f64::consts::FRAC_2_SQRT_PI);
            [t.mul(factor, density)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ERF)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.erf()
    }
}

//! `erf`: the error function.

use super::prelude::*;

/// `y = 2/√π ∫₀ˣ e^(−t²) dt`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Erf;

impl Primitive<1> for Erf {
    const NAME: &'static str = "erf";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)
    }

    /// `∂ = 2/√π e^(−x²)`.
    fn rule(&self) -> Rule {
        Rule::pointwise(|t, [x], _| {
            let square = t.mul(x, x);
            let minus = t.neg(square);
            let density = t.exp(minus);
            let factor = t.like(x, std::f64::consts::FRAC_2_SQRT_PI);
            [t.mul(factor, density)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Erf)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Erf)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise(&Erf, Domain::Range(-2.0, 2.0))
    }
}

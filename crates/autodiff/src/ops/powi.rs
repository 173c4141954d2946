//! `powi`: a power with a fixed integer exponent.

use super::prelude::*;

/// `y = xⁿ` by repeated multiplication; `x⁰ = 1` everywhere, and a negative exponent is the reciprocal of the power.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Powi {
    /// The exponent n.
    pub n: i32,
}

impl Primitive<1> for Powi {
    const NAME: &'static str = "powi";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        if self.n == i32::MIN {
            bail!(Data, "the exponent {} is the smallest there is, and the derivative needs one less", self.n);
        }
        float(x)
    }

    /// `∂ = n xⁿ⁻¹`.
    fn rule(&self) -> Rule {
        let n = self.n;
        Rule::pointwise(move |t, [x], _| {
            let factor = t.like(x, f64::from(n));
            if n == 0 || n == 1 {
                return [factor];
            }
            let power = t.powi(x, n - 1);
            [t.mul(factor, power)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::Powi(self.n))
    }

    fn params(&self) -> Params {
        Params::none().with("n", self.n)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Powi { n: p.int32("n")? })
    }

    fn samples() -> Vec<Sample> {
        [0, 1, 2, 3, -1, -2].iter().flat_map(|n| Sample::pointwise(&Powi { n: *n }, Domain::NonZero)).collect()
    }
}

//! `powi`: a power with a fixed integer exponent.

use crate::ops::prelude::*;

/// `y = xⁿ` by repeated multiplication; `x⁰ = 1` everywhere, and a negative exponent is the reciprocal of the power.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Powi {
    /// The exponent n.
    pub n: i32,
}

impl Parameters for Powi {
    fn params(&self) -> Params {
        Params::none().with("n", self.n)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Powi { n: p.int32("n")? })
    }
}

impl Elementwise<1> for Powi {
    const NAME: &'static str = "powi";
    const DOMAIN: [Domain; 1] = [Domain::NonZero];

    fn check(&self) -> Result<(), Error> {
        if self.n == i32::MIN {
            bail!(Data, "the exponent {} is the smallest there is, and its power has no reciprocal", self.n);
        }
        Ok(())
    }

    /// `∂ = n xⁿ⁻¹`.
    fn rule(&self) -> Rule<Self, 1> {
        if self.n == i32::MIN + 1 {
            return Rule::Missing("its exponent is the smallest that is known");
        }
        Rule::Pointwise(|Powi { n }, t, [x], _| {
            let factor = t.like(x, f64::from(*n));
            if *n == 0 || *n == 1 {
                return [factor];
            }
            let power = t.powi(x, n - 1);
            [t.mul(factor, power)]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::powi(self.n))
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.powi(self.n)
    }

    fn examples() -> Vec<Self> {
        [0, 1, 2, 3, -1, -2].map(|n| Powi { n }).to_vec()
    }
}

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

    /// `u ∂ = n (u xⁿ⁻¹)`; for a negative exponent through quotients, `xⁿ⁻¹ = ((1/q)/q)/x` with `q = x^(|n|/2)`, because xⁿ⁻¹ overflows where
    /// its product with u does not, and so would the derivative of xⁿ here.
    fn rule(&self) -> Rule<Self, 1> {
        if self.n == i32::MIN + 1 {
            return Rule::Missing("its exponent is the smallest that is known");
        }
        Rule::Diagonal(|Powi { n }, t, [x], _, u, _| {
            let factor = t.like(x, f64::from(*n));
            match *n {
                0 | 1 => t.mul(factor, u),
                2.. => {
                    let power = t.powi(x, n - 1);
                    let partial = t.mul(factor, power);
                    t.mul(u, partial)
                }
                ..0 => {
                    let quotient = match n / -2 {
                        0 => u,
                        half => {
                            let half = t.powi(x, half);
                            let once = t.div(u, half);
                            t.div(once, half)
                        }
                    };
                    let quotient = if n % 2 == 0 { quotient } else { t.div(quotient, x) };
                    let quotient = t.div(quotient, x);
                    t.mul(factor, quotient)
                }
            }
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::powi(self.n))
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        x.powi(self.n)
    }

    fn examples() -> Vec<Self> {
        [0, 1, 2, 3, -1, -2, -5].map(|n| Powi { n }).to_vec()
    }
}

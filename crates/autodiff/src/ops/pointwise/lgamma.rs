//! `lgamma`: the logarithm of the gamma function.

use super::polygamma::{BERNOULLI, HALF_LN_TAU, PI, SHIFTED, nearest_integer_apart};
use crate::ops::Polygamma;
use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = ln |Γ(x)|`; infinite at 0 and the negative integers, where the derivative is what [`Polygamma`] says.
///
/// Below 0 its zeros are accurate absolutely, not relatively.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lgamma;

impl Elementwise<1> for Lgamma {
    const NAME: &'static str = "lgamma";
    const DOMAIN: [Domain; 1] = [Domain::NonInteger];

    /// `∂ = ψ(x)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.put(op(Polygamma { n: 0 }), &[x])])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::LGAMMA)
    }

    /// In double-double, because Stirling's series cancels against the steps that lead to where it holds.
    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        if x.is_nan() || x.to_f64().is_infinite() {
            return x.abs();
        }
        // Its zeros at 1 and 2 are exact; the other zeros are irrational.
        if x == S::ONE || x == S::ONE + S::ONE {
            return S::ZERO;
        }
        S::rounded(log_gamma(x.widened()))
    }
}

/// `ln |Γ(x)| = ln |Γ(x + m)| − ln |x (x + 1) …|`, by reflection below 0 (DLMF 5.5, 5.11).
fn log_gamma(x: Dd) -> Dd {
    if x < Dd::ZERO {
        return (PI / (PI * nearest_integer_apart(x)).sin().abs()).log() - log_gamma(Dd::ONE - x);
    }
    let (mut x, mut product) = (x, Dd::ONE);
    while x.to_f64() < SHIFTED {
        product = product * x;
        x = x + Dd::ONE;
    }
    let series = BERNOULLI.iter().enumerate().rev().fold(Dd::ZERO, |sum, (i, (p, q))| {
        let k = i as f64 + 1.0;
        sum / (x * x) + Dd::from_f64(*p) / Dd::from_f64(q * 2.0 * k * (2.0 * k - 1.0))
    });
    (x - Dd::from_f64(0.5)) * x.log() - x + HALF_LN_TAU + series / x - product.log()
}

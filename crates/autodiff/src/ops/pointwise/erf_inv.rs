//! `erf_inv`: the inverse of the error function.

use crate::ops::Gaussian;
use crate::ops::prelude::*;
use crate::reference::double_double::{Dd, TWO_OVER_SQRT_PI};

/// `y` with `erf y = x`; ±∞ at ±1, NaN beyond.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ErfInv;

impl Elementwise<1> for ErfInv {
    const NAME: &'static str = "erf_inv";
    const DOMAIN: [Domain; 1] = [Domain::Range(-0.9, 0.9)];

    /// `u ∂ = (√π/2 u)/e^(−y²)`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Diagonal(|_, t, [_], y, u, _| {
            let factor = t.like(y, 1.0 / std::f64::consts::FRAC_2_SQRT_PI);
            let top = t.mul(factor, u);
            let density = t.put(op(Gaussian), &[y]);
            t.div(top, density)
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ERF_INV)
    }

    /// Newton's method from an approximation of Winitzki (2008).
    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let size = x.abs().widened();
        if x == S::ZERO || x.is_nan() || size > Dd::ONE {
            return if x == S::ZERO { x } else { S::from_f64(f64::NAN) };
        }
        let y = if size == Dd::ONE { Dd::from_f64(f64::INFINITY) } else { inverse(size) };
        S::rounded(if x < S::ZERO { -y } else { y })
    }
}

/// erf⁻¹ x for 0 < x < 1, by erfc where x is near 1: 1 − x is exact, erf y near 1 is not.
fn inverse(x: Dd) -> Dd {
    let half_root_pi = Dd::ONE / TWO_OVER_SQRT_PI;
    if x.to_f64() < 1e-20 {
        return x * half_root_pi;
    }
    let (a, log) = (0.147, ((1.0 - x.to_f64()) * (1.0 + x.to_f64())).ln());
    let t = 2.0 / (std::f64::consts::PI * a) + 0.5 * log;
    let mut y = Dd::from_f64(((t * t - log / a).sqrt() - t).sqrt());
    for _ in 0..8 {
        let rest = if x.to_f64() < 0.5 { y.erf() - x } else { (Dd::ONE - x) - y.erfc() };
        y = y - rest * half_root_pi * (y * y).exp();
    }
    y
}

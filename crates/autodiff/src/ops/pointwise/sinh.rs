//! `sinh`: the hyperbolic sine.

use crate::ops::Cosh;
use crate::ops::prelude::*;

/// `y = (eˣ − e⁻ˣ)/2`, accurate near 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sinh;

impl Elementwise<1> for Sinh {
    const NAME: &'static str = "sinh";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = cosh x`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.put(op(Cosh), &[x])])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::SINH)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        if x == S::ZERO {
            return x; // with its sign
        }
        let (size, half) = (x.abs(), S::from_f64(0.5));
        let e = size.expm1();
        let y = if size.to_f64() < 40.0 { (e + e / (e + S::ONE)) * half } else { large(size) };
        if x > S::ZERO || x.is_nan() { y } else { -y }
    }
}

/// eˣ/2, which is finite for some x where eˣ is not.
pub(super) fn large<S: Scalar>(x: S) -> S {
    let root = (x * S::from_f64(0.5)).exp();
    root * S::from_f64(0.5) * root
}

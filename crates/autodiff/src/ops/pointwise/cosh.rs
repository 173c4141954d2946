//! `cosh`: the hyperbolic cosine.

use super::sinh::large;
use crate::ops::Sinh;
use crate::ops::prelude::*;

/// `y = (eˣ + e⁻ˣ)/2`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cosh;

impl Elementwise<1> for Cosh {
    const NAME: &'static str = "cosh";
    const DOMAIN: [Domain; 1] = [Domain::Range(-3.0, 3.0)];

    /// `∂ = sinh x`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Pointwise(|_, t, [x], _| [t.put(op(Sinh), &[x])])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::COSH)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let size = x.abs();
        let e = size.exp();
        if size.to_f64() < 40.0 || x.is_nan() { (e + S::ONE / e) * S::from_f64(0.5) } else { large(size) }
    }
}

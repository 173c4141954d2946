//! `logaddexp`: the logarithm of a sum of exponentials.

use crate::ops::prelude::*;
use crate::ops::{And, Logistic};

/// `y = ln(eᵃ + eᵇ)`, without overflow; −∞ where both operands are −∞.
///
/// Where both operands are −∞ all derivatives are 0: no entry of an empty sum moves it. Where both are ∞ they are NaN.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LogAddExp;

impl Elementwise<2> for LogAddExp {
    const NAME: &'static str = "logaddexp";
    const DOMAIN: [Domain; 2] = [Domain::Range(-3.0, 3.0), Domain::Range(-3.0, 3.0)];

    /// `∂a = logistic(a − b)`, `∂b = logistic(b − a)`.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Pointwise(|_, t, [a, b], _| {
            let lowest = t.like(a, f64::NEG_INFINITY);
            let (a_is_lowest, b_is_lowest) = (t.le(a, lowest), t.le(b, lowest));
            let both = t.put(op(And), &[a_is_lowest, b_is_lowest]);
            [(a, b), (b, a)].map(|(this, other)| {
                let difference = t.sub(this, other);
                let difference = t.select(both, lowest, difference);
                t.put(op(Logistic), &[difference])
            })
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::LOGADDEXP)
    }

    fn value<S: Scalar>(&self, [a, b]: [S; 2]) -> S {
        let larger = a.max(b);
        if larger.to_f64().is_infinite() || larger.is_nan() {
            return larger;
        }
        let distance = (a.widened() - b.widened()).abs();
        S::rounded(larger.widened() + (-distance).exp().log1p())
    }
}

//! `round`: the nearest integer.

use crate::ops::prelude::*;

/// `y` is the integer nearest to x, of two equally near ones the even one (IEEE 754).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Round;

impl Elementwise<1> for Round {
    const NAME: &'static str = "round";
    const DOMAIN: [Domain; 1] = [Domain::NonInteger];

    /// The derivative is 0 wherever there is one (x no half-integer).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::ROUND)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        let (low, half) = (x.floor(), S::from_f64(0.5));
        let even = (low * half).floor() * S::from_f64(2.0) == low;
        let y = if x - low < half || x - low == half && even { low } else { low + S::ONE };
        // −0.3 goes to −0.
        if y == S::ZERO { x * S::ZERO } else { y }
    }
}

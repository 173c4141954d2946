//! `ceil`: the smallest integer not below x.

use crate::ops::prelude::*;

/// `y = ⌈x⌉`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ceil;

impl Elementwise<1> for Ceil {
    const NAME: &'static str = "ceil";
    const DOMAIN: [Domain; 1] = [Domain::NonInteger];

    /// The derivative is 0 wherever there is one (x no integer).
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::CEIL)
    }

    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        -(-x).floor()
    }
}

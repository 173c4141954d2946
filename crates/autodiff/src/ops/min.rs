//! `min`: the smaller of two arrays, elementwise.

use super::max::winner_takes_all;
use super::prelude::*;

/// `y = min(a, b)`; NaN propagates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Min;

impl Primitive<2> for Min {
    const NAME: &'static str = "min";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// The smaller operand's tangent; at a tie the mean of both, so that ties share the cotangent equally.
    fn rule(&self) -> Rule {
        winner_takes_all(|t, a, b| t.lt(a, b))
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Min)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Min)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Min, Domain::Reals, Domain::Reals)
    }
}

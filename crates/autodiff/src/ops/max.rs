//! `max`: the larger of two arrays, elementwise.

use super::prelude::*;
use super::{StopGradient, op};

/// `y = max(a, b)`; NaN propagates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Max;

impl Primitive<2> for Max {
    const NAME: &'static str = "max";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// The larger operand's tangent; at a tie the mean of both, so that ties share the cotangent equally.
    fn rule(&self) -> Rule {
        winner_takes_all(|t, a, b| t.lt(b, a))
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Max)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Max)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Max, Domain::Reals, Domain::Reals)
    }
}

/// What each operand's slope is where neither wins: ½ at a tie, NaN where the result is.
fn half_or_nan(t: &mut Builder, y: Value) -> Value {
    let half = t.like(y, 0.5);
    number_or_nan(t, half, y)
}

/// `x`, but NaN where `y` is: a mark that nothing is differentiated through.
pub(super) fn number_or_nan(t: &mut Builder, x: Value, y: Value) -> Value {
    let (number, mark) = (t.eq(y, y), t.put(op(StopGradient), &[y]));
    t.select(number, x, mark)
}

/// The rule of `max` and `min`: the tangent of the operand that `wins(tape, this, other)`; at a tie (neither wins) the mean of both, so
/// that ties share the cotangent equally; NaN where an operand is.
pub(super) fn winner_takes_all(wins: fn(&mut Builder, Value, Value) -> Value) -> Rule {
    Rule::General {
        class: Class::Nonlinear,
        jvp: Box::new(move |t, e, dots| {
            let (a, b) = (e.inputs[0], e.inputs[1]);
            let (a_wins, b_wins) = (wins(t, a, b), wins(t, b, a));
            let zero = t.like(a, 0.0);
            let half = half_or_nan(t, e.outputs[0]);
            let a_dot = dots[0].unwrap_or(zero);
            let b_dot = dots[1].unwrap_or(zero);
            let sum = t.add(a_dot, b_dot);
            let mean = t.mul(half, sum);
            let rest = t.select(b_wins, b_dot, mean);
            Ok(vec![Some(t.select(a_wins, a_dot, rest))])
        }),
        vjp: Box::new(move |t, e, bars| {
            let Some(y_bar) = bars[0] else { return Ok(vec![None, None]) };
            let (a, b) = (e.inputs[0], e.inputs[1]);
            let (a_wins, b_wins) = (wins(t, a, b), wins(t, b, a));
            let zero = t.like(a, 0.0);
            let half = half_or_nan(t, e.outputs[0]);
            let shared = t.mul(half, y_bar);
            let a_rest = t.select(b_wins, zero, shared);
            let b_rest = t.select(a_wins, zero, shared);
            Ok(vec![Some(t.select(a_wins, y_bar, a_rest)), Some(t.select(b_wins, y_bar, b_rest))])
        }),
    }
}

//! `maximum`: the larger of two arrays, element by element.

use crate::ops::StopGradient;
use crate::ops::prelude::*;

/// `y = max(a, b)`; NaN propagates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Maximum;

impl Primitive<2> for Maximum {
    const NAME: &'static str = "maximum";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// The larger operand's tangent; at a tie the mean of both, so that ties share the cotangent equally.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, dots| Some(winners_tangent(t, e, dots, |t, a, b| t.lt(b, a))),
            vjp: |_, t, e, y_bar| winners_cotangents(t, e, y_bar, |t, a, b| t.lt(b, a)),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::MAX)
    }

    /// Integers.
    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        by_int!(y.ty.dtype, T => {
            quadric_kernels::pointwise::zip_int(a.elements::<T>(), b.elements(), y.elements(), Ord::max);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |[a, b]| a.max(b), |[a, b]| a.max(b)))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Maximum, [Domain::Reals, Domain::Reals])
    }
}

/// `wins(tape, this, other)`.
type Wins = fn(&mut Builder, Value, Value) -> Value;

/// The tangent of the operand that wins; at a tie (neither wins) the mean of both; NaN where an operand is.
pub(super) fn winners_tangent(t: &mut Builder, e: Given<2>, dots: [Option<Value>; 2], wins: Wins) -> Value {
    let [a, b] = e.inputs;
    let (a_wins, b_wins) = (wins(t, a, b), wins(t, b, a));
    let zero = t.like(a, 0.0);
    let half = half_or_nan(t, e.output);
    let [a_dot, b_dot] = dots.map(|dot| dot.unwrap_or(zero));
    let sum = t.add(a_dot, b_dot);
    let mean = t.mul(half, sum);
    let rest = t.select(b_wins, b_dot, mean);
    t.select(a_wins, a_dot, rest)
}

/// The transpose of [`winners_tangent`]: ties share the cotangent equally.
pub(super) fn winners_cotangents(t: &mut Builder, e: Given<2>, y_bar: Value, wins: Wins) -> [Option<Value>; 2] {
    let [a, b] = e.inputs;
    let (a_wins, b_wins) = (wins(t, a, b), wins(t, b, a));
    let zero = t.like(a, 0.0);
    let half = half_or_nan(t, e.output);
    let shared = t.mul(half, y_bar);
    let a_rest = t.select(b_wins, zero, shared);
    let b_rest = t.select(a_wins, zero, shared);
    [Some(t.select(a_wins, y_bar, a_rest)), Some(t.select(b_wins, y_bar, b_rest))]
}

/// What each operand's slope is where neither wins: ½ at a tie, NaN where the result is.
fn half_or_nan(t: &mut Builder, y: Value) -> Value {
    let half = t.like(y, 0.5);
    number_or_nan(t, half, y)
}

/// `x`, but NaN where `y` is. The NaN is a constant to every derivative.
pub(in crate::ops) fn number_or_nan(t: &mut Builder, x: Value, y: Value) -> Value {
    let (number, mark) = (t.eq(y, y), t.put(op(StopGradient), &[y]));
    t.select(number, x, mark)
}

//! `div`: the elementwise quotient.

use crate::ops::prelude::*;

/// `y = a / b`, operands of one type; integers truncate, and an integer divided by 0 is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Div;

impl Primitive<2> for Div {
    const NAME: &'static str = "div";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// `∂a = 1/b`, `∂b = −y/b`; written as quotients, so that nothing is rounded twice without need, and with b last: 1/b may overflow, and
    /// its derivative 1/b² before that.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |_, t, e, [a_dot, b_dot]| {
                let ([_, b], y) = (e.inputs, e.output);
                let top = match (a_dot, b_dot) {
                    (a, None) => a,
                    (None, Some(b_dot)) => {
                        let minus = t.neg(y);
                        Some(t.mul(minus, b_dot))
                    }
                    (Some(a_dot), Some(b_dot)) => {
                        let product = t.mul(y, b_dot);
                        Some(t.sub(a_dot, product))
                    }
                };
                top.map(|top| t.div(top, b))
            },
            vjp: |_, t, e, y_bar| {
                let ([_, b], y) = (e.inputs, e.output);
                let a_bar = t.div(y_bar, b);
                let b_bar = e.wanted[1].then(|| {
                    let product = t.mul(y_bar, y);
                    let quotient = t.div(product, b);
                    t.neg(quotient)
                });
                [Some(a_bar), b_bar]
            },
        }
    }

    /// Linear in a while b is held.
    fn linear_in(&self, [_, b_moves]: [bool; 2]) -> Linearity {
        if b_moves { Linearity::No } else { Linearity::OthersFixed }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::DIV)
    }

    /// Integers.
    fn run(&self, [a, b]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        by_int!(y.ty.dtype, T => {
            quadric_kernels::pointwise::zip_int(a.elements::<T>(), b.elements(), y.elements(), quadric_kernels::Int::div);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, x: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        Ok(Array::elementwise(x, y, |[a, b]| a / b, |[a, b]| a.checked_div(b).unwrap_or(0)))
    }

    fn samples() -> Vec<Sample> {
        Sample::shapes(&Div, [Domain::Reals, Domain::NonZero])
    }
}

//! `div`: the elementwise quotient.

use super::prelude::*;

/// `y = a / b`, operands of one type; integers truncate, and an integer divided by 0 is 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Div;

impl Primitive<2> for Div {
    const NAME: &'static str = "div";

    fn infer(&self, [a, b]: [&Type; 2]) -> Result<Type, Error> {
        same_numbers(a, b)
    }

    /// `∂a = 1/b`, `∂b = −y/b`; written as quotients, so that nothing is rounded twice without need.
    fn rule(&self) -> Rule {
        Rule::General {
            class: Class::Nonlinear,
            jvp: Box::new(|t, e, dots| {
                let (b, y) = (e.inputs[1], e.outputs[0]);
                let top = match (dots[0], dots[1]) {
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
                Ok(vec![top.map(|top| t.div(top, b))])
            }),
            vjp: Box::new(|t, e, bars| {
                let Some(y_bar) = bars[0] else { return Ok(vec![None, None]) };
                let (b, y) = (e.inputs[1], e.outputs[0]);
                let a_bar = t.div(y_bar, b);
                let b_bar = e.wanted[1].then(|| {
                    let product = t.mul(a_bar, y);
                    t.neg(product)
                });
                Ok(vec![Some(a_bar), b_bar])
            }),
        }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Binary(Binary::Div)
    }

    fn parse(_: &Params) -> Result<Self, String> {
        Ok(Div)
    }

    fn samples() -> Vec<Sample> {
        Sample::pointwise2(&Div, Domain::Reals, Domain::NonZero)
    }
}

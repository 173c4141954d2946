//! `max_reduce`: the largest entry along some axes.

use super::prelude::*;
use super::max::number_or_nan;
use super::{Not, op};

/// Maximum over `axes`, which leave the shape; NaN propagates, and the maximum of nothing is −∞.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MaxReduce {
    /// The axes that are reduced.
    pub axes: Axes,
}

impl MaxReduce {
    /// Where x attains the maximum y (as a bool array of x's shape), and how many places that are (y's shape). Where y is NaN, every
    /// place counts, and their number is NaN.
    fn winners(axes: &Axes, t: &mut Builder, x: Value, y: Value) -> (Value, Value) {
        let ty = t.type_of(x).clone();
        let kept = axes.complement(ty.shape.rank()).to_vec();
        let top = t.broadcast(y, ty.shape, kept);
        let less = t.lt(x, top);
        let wins = t.put(op(Not), &[less]);
        let ones = t.convert(wins, ty.dtype);
        let count = t.sum(ones, axes);
        (wins, number_or_nan(t, count, y))
    }
}

impl Primitive<1> for MaxReduce {
    const NAME: &'static str = "max_reduce";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)?.without(&self.axes)
    }

    /// The mean tangent of the winners; x̄ shares ȳ equally among them. NaN where the maximum is.
    fn rule(&self) -> Rule {
        let (forward, backward) = (self.axes.clone(), self.axes.clone());
        Rule::General {
            class: Class::Nonlinear,
            jvp: Box::new(move |t, e, dots| {
                // The maximum of nothing is a constant.
                let Some(x_dot) = dots[0].filter(|x| t.shape_of(*x).size() > 0) else { return Ok(vec![None]) };
                let (wins, count) = Self::winners(&forward, t, e.inputs[0], e.outputs[0]);
                let zero = t.like(x_dot, 0.0);
                let selected = t.select(wins, x_dot, zero);
                let total = t.sum(selected, &forward);
                Ok(vec![Some(t.div(total, count))])
            }),
            vjp: Box::new(move |t, e, bars| {
                let Some(y_bar) = bars[0] else { return Ok(vec![None]) };
                let (wins, count) = Self::winners(&backward, t, e.inputs[0], e.outputs[0]);
                let share = t.div(y_bar, count);
                let shape = t.shape_of(e.inputs[0]);
                let kept = backward.complement(shape.rank()).to_vec();
                let spread = t.broadcast(share, shape, kept);
                let zero = t.like(spread, 0.0);
                Ok(vec![Some(t.select(wins, spread, zero))])
            }),
        }
    }

    fn batch(&self) -> Self {
        MaxReduce { axes: self.axes.shifted_by_one() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Max { axes: self.axes.clone() }
    }

    fn params(&self) -> Params {
        Params::none().with("axes", &self.axes[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(MaxReduce { axes: Axes::new(p.sizes("axes")?) })
    }

    fn samples() -> Vec<Sample> {
        [(axes![1], shape![3, 4]), (axes![0], shape![3, 4]), (axes![0, 1], shape![3, 4]), (axes![1], shape![0, 3])]
            .into_iter()
            .flat_map(|(axes, shape)| Sample::typed(&MaxReduce { axes }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

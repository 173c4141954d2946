//! `max`: the largest entry along some axes.

use crate::ops::prelude::*;
use crate::ops::Not;
use crate::ops::pointwise::maximum::number_or_nan;

/// Maximum over `axes`, which leave the shape; NaN propagates, and the maximum of nothing is −∞.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Max {
    /// The axes that are reduced.
    pub axes: Axes,
}

impl Max {
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

impl Parameters for Max {
    fn params(&self) -> Params {
        Params::none().with("axes", &self.axes[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Max { axes: Axes::new(p.sizes("axes")?) })
    }
}

impl Primitive<1> for Max {
    const NAME: &'static str = "max";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        float(x)?.without(&self.axes)
    }

    /// The mean tangent of the winners; x̄ shares ȳ equally among them. NaN where the maximum is.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::General {
            class: Class::Nonlinear,
            jvp: |Max { axes }, t, e, [x_dot]| {
                // The maximum of nothing is a constant.
                let x_dot = x_dot.filter(|x| t.shape_of(*x).size() > 0)?;
                let (wins, count) = Self::winners(axes, t, e.inputs[0], e.output);
                let zero = t.like(x_dot, 0.0);
                let selected = t.select(wins, x_dot, zero);
                let total = t.sum(selected, axes);
                Some(t.div(total, count))
            },
            vjp: |Max { axes }, t, e, y_bar| {
                let (wins, count) = Self::winners(axes, t, e.inputs[0], e.output);
                let share = t.div(y_bar, count);
                let shape = t.shape_of(e.inputs[0]);
                let kept = axes.complement(shape.rank()).to_vec();
                let spread = t.broadcast(share, shape, kept);
                let zero = t.like(spread, 0.0);
                [Some(t.select(wins, spread, zero))]
            },
        }
    }

    fn batch(&self) -> Self {
        Max { axes: self.axes.shifted_by_one() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Reduce { axes: self.axes.clone() }
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = self.axes.around(&x.ty.shape);
        let threads = y.threads;
        by_float!(y.ty.dtype, T => {
            quadric_kernels::reduce::max(x.elements::<T>(), outer, n, inner, y.elements(), threads);
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.reduced(y, &self.axes, S::from_f64(f64::NEG_INFINITY), S::max))
    }

    fn samples() -> Vec<Sample> {
        [(axes![1], shape![3, 4]), (axes![0], shape![3, 4]), (axes![0, 1], shape![3, 4]), (axes![1], shape![0, 3])]
            .into_iter()
            .flat_map(|(axes, shape)| Sample::typed(&Max { axes }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

//! `argmax`: where the largest entry along an axis is.

use crate::ops::prelude::*;

/// `i32` index of the first largest entry along `axis`, which leaves the shape; a NaN counts as the largest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgMax {
    /// The axis.
    pub axis: usize,
}

impl Parameters for ArgMax {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ArgMax { axis: p.size("axis")? })
    }
}

impl Primitive<1> for ArgMax {
    const NAME: &'static str = "argmax";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(Type::new(DType::I32, x.shape.without(&axes![self.axis])))
    }

    /// Indices carry no tangent.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn batch(&self) -> Self {
        ArgMax { axis: self.axis + 1 }
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = x.ty.shape.around(self.axis);
        if n == 0 {
            bail!(Data, "argmax: axis {} of {} is empty", self.axis, x.ty);
        }
        by_float!(x.ty.dtype, T => quadric_kernels::reduce::argmax(x.elements::<T>(), outer, n, inner, y.elements()));
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        if x.ty.shape[self.axis] == 0 {
            bail!(Data, "argmax: axis {} of {} is empty", self.axis, x.ty);
        }
        let first_largest = |line: &Vec<S>| {
            let wins = |i: usize, best: usize| line[i] > line[best] || (line[i].is_nan() && !line[best].is_nan());
            (1..line.len()).fold(0, |best, i| if wins(i, best) { i } else { best }) as i64
        };
        Ok(Array::int(y, x.lines(self.axis).iter().map(first_largest).collect()))
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5]), (1, shape![3, 4]), (0, shape![3, 4])]
            .into_iter()
            .flat_map(|(axis, shape)| Sample::typed(&ArgMax { axis }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

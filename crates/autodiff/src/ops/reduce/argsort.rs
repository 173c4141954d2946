//! `argsort`: the order that sorts along an axis.

use crate::ops::prelude::*;
use crate::reference::unlines;

/// `i32` indices that sort ascending along `axis`; stable, NaN last. `sort` is `gather_along(x, argsort(x))`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgSort {
    /// The axis.
    pub axis: usize,
}

impl Parameters for ArgSort {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ArgSort { axis: p.size("axis")? })
    }
}

impl Primitive<1> for ArgSort {
    const NAME: &'static str = "argsort";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(x.with_dtype(DType::I32))
    }

    /// Indices carry no tangent.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn batch(&self) -> Self {
        ArgSort { axis: self.axis + 1 }
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = x.ty.shape.around(self.axis);
        by_float!(x.ty.dtype, T => quadric_kernels::reduce::argsort(x.elements::<T>(), outer, n, inner, y.elements()));
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let sorted = |line: &Vec<S>| {
            let mut order: Vec<i64> = (0..line.len() as i64).collect();
            order.sort_by(|i, j| {
                let (a, b) = (line[*i as usize], line[*j as usize]);
                a.is_nan().cmp(&b.is_nan()).then(a.partial_cmp(&b).unwrap_or(std::cmp::Ordering::Equal))
            });
            order
        };
        let lines: Vec<Vec<i64>> = x.lines(self.axis).iter().map(sorted).collect();
        Ok(Array::int(y, unlines(&lines, &y.shape, self.axis)))
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5]), (1, shape![3, 4]), (0, shape![3, 4])]
            .into_iter()
            .flat_map(|(axis, shape)| Sample::typed(&ArgSort { axis }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

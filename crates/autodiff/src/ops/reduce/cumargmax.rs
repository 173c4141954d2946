//! `cumargmax`: where the largest entry so far is.

use crate::ops::prelude::*;

/// `y[…, i, …]` (`i32`) is the index of the first largest of the entries 0…i along an axis; NaN counts as largest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CumArgMax {
    /// The axis.
    pub axis: usize,
}

impl Parameters for CumArgMax {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(CumArgMax { axis: p.size("axis")? })
    }
}

impl Primitive<1> for CumArgMax {
    const NAME: &'static str = "cumargmax";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(x.with_dtype(DType::I32))
    }

    /// Indices carry no tangent.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Constant
    }

    fn batch(&self) -> Self {
        CumArgMax { axis: self.axis + 1 }
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = x.ty.shape.around(self.axis);
        by_float!(x.ty.dtype, T => quadric_kernels::reduce::cumargmax(x.elements::<T>(), outer, n, inner, y.elements()));
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let (_, n, inner) = x.ty.shape.around(self.axis);
        let wins = |line: &[S], i: usize, best: usize| line[i] > line[best] || (line[i].is_nan() && !line[best].is_nan());
        let mut found = vec![0i64; y.shape.size()];
        for (at, line) in x.lines(self.axis).iter().enumerate() {
            let mut best = 0;
            for i in 0..n {
                best = if wins(line, i, best) { i } else { best };
                found[at / inner * n * inner + i * inner + at % inner] = best as i64;
            }
        }
        Ok(Array::int(y, found))
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5]), (1, shape![3, 4]), (0, shape![3, 4]), (0, shape![0])]
            .into_iter()
            .flat_map(|(axis, shape)| Sample::typed(&CumArgMax { axis }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

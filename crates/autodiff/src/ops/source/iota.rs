//! `iota`: 0, 1, 2, … along an axis.

use crate::ops::prelude::*;

/// `y[…, i, …] = i` along `axis`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Iota {
    /// The type of the result, numbers.
    pub ty: Type,
    /// The axis along which the numbers grow.
    pub axis: usize,
}

impl Parameters for Iota {
    fn params(&self) -> Params {
        Params::none().with("type", Param::Type(self.ty.clone())).with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Iota { ty: p.ty("type")?.clone(), axis: p.size("axis")? })
    }
}

impl Primitive<0> for Iota {
    const NAME: &'static str = "iota";

    fn infer(&self, []: [&Type; 0]) -> Result<Type, Error> {
        axis_of(&self.ty, self.axis)?;
        number(&self.ty)
    }

    /// There is nothing to differentiate by.
    fn rule(&self) -> Rule<Self, 0> {
        Rule::Constant
    }

    fn run(&self, []: [Operand<'_>; 0], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = y.ty.shape.around(self.axis);
        by_dtype!(y.ty.dtype, T => {
            let y = y.elements::<T>();
            for o in 0..outer {
                for i in 0..n {
                    y[(o * n + i) * inner..][..inner].fill(i as T);
                }
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, []: [&Array<S>; 0], y: &Type) -> Result<Array<S>, Error> {
        let places = (0..y.shape.size()).map(|i| unravel(i, &y.shape)[self.axis]);
        Ok(if y.dtype.is_float() {
            Array::real(y, places.map(|i| S::from_f64(i as f64)).collect())
        } else {
            Array::int(y, places.map(|i| i as i64).collect())
        })
    }

    fn samples() -> Vec<Sample> {
        [(DType::I32, shape![5], 0), (DType::F64, shape![2, 3], 1), (DType::U32, shape![0], 0)]
            .into_iter()
            .flat_map(|(dtype, shape, axis)| Sample::typed(&Iota { ty: Type::new(dtype, shape), axis }, []))
            .collect()
    }
}

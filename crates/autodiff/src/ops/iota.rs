//! `iota`: 0, 1, 2, … along an axis.

use super::prelude::*;

/// `y[…, i, …] = i` along `axis`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Iota {
    /// The type of the result, numbers.
    pub ty: Type,
    /// The axis along which the numbers grow.
    pub axis: usize,
}

impl Primitive<0> for Iota {
    const NAME: &'static str = "iota";

    fn infer(&self, []: [&Type; 0]) -> Result<Type, Error> {
        axis_of(&self.ty, self.axis)?;
        number(&self.ty)
    }

    /// There is nothing to differentiate by.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Iota { axis: self.axis }
    }

    fn params(&self) -> Params {
        Params::none().with("type", Param::Type(self.ty.clone())).with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Iota { ty: p.ty("type")?.clone(), axis: p.size("axis")? })
    }

    fn samples() -> Vec<Sample> {
        [(DType::I32, shape![5], 0), (DType::F64, shape![2, 3], 1), (DType::U32, shape![0], 0)]
            .into_iter()
            .flat_map(|(dtype, shape, axis)| Sample::typed(&Iota { ty: Type::new(dtype, shape), axis }, []))
            .collect()
    }
}

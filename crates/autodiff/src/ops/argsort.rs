//! `argsort`: the order that sorts along an axis.

use super::prelude::*;

/// `i32` indices that sort ascending along `axis`; stable, NaN last. `sort` is `gather_along(x, argsort(x))`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgSort {
    /// The axis.
    pub axis: usize,
}

impl Primitive<1> for ArgSort {
    const NAME: &'static str = "argsort";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(x.with_dtype(DType::I32))
    }

    /// Indices carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn batch(&self) -> Self {
        ArgSort { axis: self.axis + 1 }
    }

    fn kernel(&self) -> Kernel {
        Kernel::ArgSort { axis: self.axis }
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ArgSort { axis: p.size("axis")? })
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5]), (1, shape![3, 4]), (0, shape![3, 4])]
            .into_iter()
            .flat_map(|(axis, shape)| Sample::typed(&ArgSort { axis }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

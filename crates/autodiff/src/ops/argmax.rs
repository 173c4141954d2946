//! `argmax`: where the largest entry along an axis is.

use super::prelude::*;

/// `i32` index of the first largest entry along `axis`, which leaves the shape; a NaN counts as the largest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArgMax {
    /// The axis.
    pub axis: usize,
}

impl Primitive<1> for ArgMax {
    const NAME: &'static str = "argmax";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(Type::new(DType::I32, x.shape.without(&axes![self.axis])))
    }

    /// Indices carry no tangent.
    fn rule(&self) -> Rule {
        Rule::Constant
    }

    fn batch(&self) -> Self {
        ArgMax { axis: self.axis + 1 }
    }

    fn kernel(&self) -> Kernel {
        Kernel::ArgMax { axis: self.axis }
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ArgMax { axis: p.size("axis")? })
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5]), (1, shape![3, 4]), (0, shape![3, 4])]
            .into_iter()
            .flat_map(|(axis, shape)| Sample::typed(&ArgMax { axis }, [(DType::F64, shape, Domain::Distinct)]))
            .collect()
    }
}

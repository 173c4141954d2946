//! `constant`: an array known while tracing.

use crate::ops::prelude::*;
use crate::tensor::Tensor;

/// `y` is `value`. Equal when type and bits are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Constant {
    /// The array.
    pub value: Tensor,
}

impl Parameters for Constant {
    fn params(&self) -> Params {
        Params::none().with("value", Param::Tensor(self.value.clone()))
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Constant { value: p.tensor("value")?.clone() })
    }
}

impl Primitive<0> for Constant {
    const NAME: &'static str = "constant";

    fn infer(&self, []: [&Type; 0]) -> Result<Type, Error> {
        Ok(self.value.ty().clone())
    }

    /// There is nothing to differentiate by.
    fn rule(&self) -> Rule<Self, 0> {
        Rule::Constant
    }

    fn kernel(&self) -> Kernel {
        Kernel::Constant(self.value.clone())
    }

    fn define<S: Scalar>(&self, []: [&Array<S>; 0], _: &Type) -> Result<Array<S>, Error> {
        Ok(Array::of(&self.value))
    }

    fn samples() -> Vec<Sample> {
        let long: Vec<f64> = (0..20).map(|i| f64::from(i) / 7.0).collect();
        [Tensor::scalar(1.5), Tensor::from_vec(&[f64::NAN, -0.0, f64::INFINITY]), Tensor::from_vec(&long)]
            .into_iter()
            .flat_map(|value| Sample::typed(&Constant { value }, []))
            .collect()
    }
}

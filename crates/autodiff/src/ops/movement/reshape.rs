//! `reshape`: the same elements under another shape.

use crate::ops::prelude::*;

/// `y` has x's elements in row-major order under `shape`, which has the same size.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reshape {
    /// The shape of the result.
    pub shape: Shape,
}

impl Parameters for Reshape {
    fn params(&self) -> Params {
        Params::none().with("shape", &self.shape[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Reshape { shape: Shape::new(p.sizes("shape")?) })
    }
}

impl Primitive<1> for Reshape {
    const NAME: &'static str = "reshape";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        if x.shape.size() != self.shape.size() {
            bail!(Shape, "{x} has {} elements, {} has {}", x.shape.size(), self.shape, self.shape.size());
        }
        Ok(x.with_shape(&self.shape))
    }

    /// Linear: x̄ is ȳ under x's shape.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|_, t, [x], y_bar| {
            let shape = t.shape_of(x);
            [Some(t.reshape(y_bar, shape))]
        })
    }

    fn vmap(&self, t: &mut Builder, [x]: [Batched; 1], size: usize) -> Value {
        t.reshape(x.value, self.shape.inserted(0, size))
    }

    fn kernel(&self) -> Kernel {
        Kernel::Identity
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick(y, Some))
    }

    fn samples() -> Vec<Sample> {
        let case = |from: Shape, to: Shape| Sample::reals(Reshape { shape: to }, [from]);
        vec![case(shape![3, 4], shape![2, 6]), case(shape![1, 1], shape![]), case(shape![0, 3], shape![0])]
    }
}

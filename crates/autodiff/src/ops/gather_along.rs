//! `gather_along`: one entry along an axis for every place of the result.

use super::prelude::*;

/// `y[o, j, i] = x[o, index[o, j, i], i]` around `axis`; `index` has the shape of the result. An index out of range is an error at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatherAlong {
    /// The axis.
    pub axis: usize,
}

impl Primitive<2> for GatherAlong {
    const NAME: &'static str = "gather_along";

    fn infer(&self, [x, index]: [&Type; 2]) -> Result<Type, Error> {
        axis_of(x, self.axis)?;
        indices(index)?;
        if index.shape.rank() != x.shape.rank() || x.shape.resized(self.axis, index.shape[self.axis]) != index.shape {
            bail!(Shape, "the indices are {index}, they must agree with {x} on every axis but {}", self.axis);
        }
        Ok(x.with_shape(&index.shape))
    }

    /// Linear in x: x̄ collects ȳ at the places it came from; repeated indices add up.
    fn rule(&self) -> Rule {
        let axis = self.axis;
        Rule::linear_in_some(move |t, [x, index], y_bar| {
            let n = t.shape_of(x)[axis];
            [Some(t.scatter_add_along(y_bar, index, axis, n)), None]
        })
    }

    fn vmap(&self, t: &mut Builder, [x, index]: [Batched; 2], size: usize) -> Value {
        let x = t.with_batch_axis(x, size);
        let index = t.with_batch_axis(index, size);
        t.gather_along(x, index, self.axis + 1)
    }

    fn kernel(&self) -> Kernel {
        Kernel::GatherAlong { axis: self.axis }
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(GatherAlong { axis: p.size("axis")? })
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5], shape![3]), (1, shape![3, 4], shape![3, 1]), (0, shape![3, 4], shape![5, 4])]
            .into_iter()
            .flat_map(|(axis, shape, index)| {
                let n = shape[axis];
                Sample::typed(&GatherAlong { axis }, [(DType::F64, shape, Domain::Reals), (DType::I32, index, Domain::Index(n))])
            })
            .collect()
    }
}

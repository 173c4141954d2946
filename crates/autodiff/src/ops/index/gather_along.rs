//! `gather_along`: one entry along an axis for every place of the result.

use crate::ops::prelude::*;

/// `y[o, j, i] = x[o, index[o, j, i], i]` around `axis`; `index` has the shape of the result. An index out of range is an error at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct GatherAlong {
    /// The axis.
    pub axis: usize,
}

impl Parameters for GatherAlong {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(GatherAlong { axis: p.size("axis")? })
    }
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
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Linear(|this, t, [x, index], y_bar| {
            let n = t.shape_of(x)[this.axis];
            [Some(t.scatter_add_along(y_bar, index, this.axis, n)), None]
        })
    }

    fn vmap(&self, t: &mut Builder, [x, index]: [Batched; 2], size: usize) -> Value {
        let x = t.with_batch_axis(x, size);
        let index = t.with_batch_axis(index, size);
        t.gather_along(x, index, self.axis + 1)
    }

    fn run(&self, [x, index]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = x.ty.shape.around(self.axis);
        let index = index.elements::<i32>();
        let done = by_dtype!(y.ty.dtype, T => {
            quadric_kernels::gather::gather_along(x.elements::<T>(), outer, n, inner, index, y.elements())
        });
        done.map_err(|at| out_of_range(Self::NAME, index, at, n))
    }

    fn define<S: Scalar>(&self, [x, index]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let index = index.indices(x.ty.shape[self.axis], Self::NAME)?;
        Ok(x.pick_at(y, |mut source| {
            source[self.axis] = index[ravel(&source, &y.shape)];
            Some(source)
        }))
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

//! `gather`: entries at given places along an axis.

use crate::ops::prelude::*;

/// `y[o, j, i] = x[o, index[j], i]` around `axis`: rows of a table by their numbers (`i32[m]`). An index out of range is an error at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gather {
    /// The axis.
    pub axis: usize,
}

impl Parameters for Gather {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Gather { axis: p.size("axis")? })
    }
}

impl Primitive<2> for Gather {
    const NAME: &'static str = "gather";

    fn infer(&self, [x, index]: [&Type; 2]) -> Result<Type, Error> {
        axis_of(x, self.axis)?;
        indices(index)?;
        if index.shape.rank() != 1 {
            bail!(Shape, "the indices are {index}, one axis is needed");
        }
        Ok(x.with_shape(x.shape.resized(self.axis, index.shape[0])))
    }

    /// Linear in x: x̄ collects ȳ at the places it came from; repeated indices add up.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Linear(|this, t, [x, index], y_bar| {
            let n = t.shape_of(x)[this.axis];
            [Some(t.scatter_add(y_bar, index, this.axis, n)), None]
        })
    }

    fn vmap(&self, t: &mut Builder, [x, index]: [Batched; 2], size: usize) -> Value {
        if !index.batched {
            return t.gather(x.value, index.value, self.axis + 1);
        }
        let x = t.with_batch_axis(x, size);
        let shape = t.shape_of(x);
        let m = t.shape_of(index.value)[1];
        let spread = t.broadcast(index.value, shape.resized(self.axis + 1, m), vec![0, self.axis + 1]);
        t.gather_along(x, spread, self.axis + 1)
    }

    fn run(&self, [x, index]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = x.ty.shape.around(self.axis);
        let index = index.elements::<i32>();
        let done = by_dtype!(y.ty.dtype, T => {
            quadric_kernels::gather::gather(x.elements::<T>(), outer, n, inner, index, y.elements())
        });
        done.map_err(|at| out_of_range(Self::NAME, index, at, n))
    }

    fn define<S: Scalar>(&self, [x, index]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let index = index.indices(x.ty.shape[self.axis], Self::NAME)?;
        Ok(x.pick_at(y, |mut source| {
            source[self.axis] = index[source[self.axis]];
            Some(source)
        }))
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5], 3), (1, shape![3, 4], 6), (0, shape![3, 4], 2), (0, shape![2, 3], 0)]
            .into_iter()
            .flat_map(|(axis, shape, m)| {
                let n = shape[axis];
                Sample::typed(&Gather { axis }, [(DType::F64, shape, Domain::Reals), (DType::I32, shape![m], Domain::Index(n))])
            })
            .collect()
    }
}

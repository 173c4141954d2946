//! `scatter_add_along`: add every entry into its own place along an axis.

use crate::ops::prelude::*;

/// `y[o, index[o, j, i], i] += u[o, j, i]` into zeros around `axis`, which gets size `n`. Repeated indices add up in ascending order of j.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScatterAddAlong {
    /// The axis.
    pub axis: usize,
    /// The size of the result along the axis.
    pub n: usize,
}

impl Parameters for ScatterAddAlong {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis).with("n", self.n)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ScatterAddAlong { axis: p.size("axis")?, n: p.size("n")? })
    }
}

impl Primitive<2> for ScatterAddAlong {
    const NAME: &'static str = "scatter_add_along";

    fn infer(&self, [u, index]: [&Type; 2]) -> Result<Type, Error> {
        axis_of(&float(u)?, self.axis)?;
        indices(index)?;
        if index.shape != u.shape {
            bail!(Shape, "the indices are {index}, i32{} is needed", u.shape);
        }
        Ok(u.with_shape(u.shape.resized(self.axis, self.n)))
    }

    /// Linear in u: ū reads ȳ at the same places.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Linear(|this, t, [_, index], y_bar| [Some(t.gather_along(y_bar, index, this.axis)), None])
    }

    fn vmap(&self, t: &mut Builder, [u, index]: [Batched; 2], size: usize) -> Value {
        let u = t.with_batch_axis(u, size);
        let index = t.with_batch_axis(index, size);
        t.scatter_add_along(u, index, self.axis + 1, self.n)
    }

    fn run(&self, [u, index]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = y.ty.shape.around(self.axis);
        let index = index.elements::<i32>();
        let done = by_float!(y.ty.dtype, T => {
            quadric_kernels::gather::scatter_add_along(u.elements::<T>(), outer, n, inner, index, y.elements())
        });
        done.map_err(|at| out_of_range(Self::NAME, index, at, n))
    }

    fn define<S: Scalar>(&self, [u, index]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let index = index.indices(self.n, Self::NAME)?;
        let mut out = vec![S::ZERO; y.shape.size()];
        for (i, u_i) in u.reals().iter().enumerate() {
            let mut target = unravel(i, &u.ty.shape);
            target[self.axis] = index[i];
            let to = ravel(&target, &y.shape);
            out[to] = out[to] + *u_i;
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5], 3), (1, shape![3, 1], 6), (0, shape![3, 4], 2)]
            .into_iter()
            .flat_map(|(axis, shape, n)| {
                let op = ScatterAddAlong { axis, n };
                Sample::typed(&op, [(DType::F64, shape.clone(), Domain::Reals), (DType::I32, shape, Domain::Index(n))])
            })
            .collect()
    }
}

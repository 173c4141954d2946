//! `scatter_add`: add entries into given places along an axis.

use crate::ops::prelude::*;

/// `y[o, index[j], i] += u[o, j, i]` into zeros around `axis`, which gets size `n`. Repeated indices add up in ascending order of j: the same bits on any number of threads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScatterAdd {
    /// The axis.
    pub axis: usize,
    /// The size of the result along the axis.
    pub n: usize,
}

impl Parameters for ScatterAdd {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis).with("n", self.n)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ScatterAdd { axis: p.size("axis")?, n: p.size("n")? })
    }
}

impl Primitive<2> for ScatterAdd {
    const NAME: &'static str = "scatter_add";

    fn infer(&self, [u, index]: [&Type; 2]) -> Result<Type, Error> {
        axis_of(&float(u)?, self.axis)?;
        indices(index)?;
        if *index.shape != [u.shape[self.axis]] {
            bail!(Shape, "the indices are {index}, i32[{}] is needed", u.shape[self.axis]);
        }
        Ok(u.with_shape(u.shape.resized(self.axis, self.n)))
    }

    /// Linear in u: ū reads ȳ at the same places.
    fn rule(&self) -> Rule<Self, 2> {
        Rule::Linear(|this, t, [_, index], y_bar| [Some(t.gather(y_bar, index, this.axis)), None])
    }

    fn vmap(&self, t: &mut Builder, [u, index]: [Batched; 2], size: usize) -> Value {
        if !index.batched {
            return t.scatter_add(u.value, index.value, self.axis + 1, self.n);
        }
        let u = t.with_batch_axis(u, size);
        let shape = t.shape_of(u);
        let spread = t.broadcast(index.value, shape, vec![0, self.axis + 1]);
        t.scatter_add_along(u, spread, self.axis + 1, self.n)
    }

    fn run(&self, [u, index]: [Operand<'_>; 2], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = y.ty.shape.around(self.axis);
        let index = index.elements::<i32>();
        let done = by_float!(y.ty.dtype, T => {
            quadric_kernels::gather::scatter_add(u.elements::<T>(), outer, n, inner, index, y.elements())
        });
        done.map_err(|at| out_of_range(Self::NAME, index, at, n))
    }

    fn define<S: Scalar>(&self, [u, index]: [&Array<S>; 2], y: &Type) -> Result<Array<S>, Error> {
        let index = index.indices(self.n, Self::NAME)?;
        let mut out = vec![S::ZERO; y.shape.size()];
        for (i, u_i) in u.reals().iter().enumerate() {
            let mut target = unravel(i, &u.ty.shape);
            target[self.axis] = index[target[self.axis]];
            let to = ravel(&target, &y.shape);
            out[to] = out[to] + *u_i;
        }
        Ok(Array::real(y, out))
    }

    fn samples() -> Vec<Sample> {
        [(0, shape![5], 3), (1, shape![3, 4], 6), (0, shape![3, 4], 2)]
            .into_iter()
            .flat_map(|(axis, shape, n)| {
                let m = shape[axis];
                let op = ScatterAdd { axis, n };
                Sample::typed(&op, [(DType::F64, shape, Domain::Reals), (DType::I32, shape![m], Domain::Index(n))])
            })
            .collect()
    }
}

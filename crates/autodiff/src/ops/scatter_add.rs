//! `scatter_add`: add entries into given places along an axis.

use super::prelude::*;

/// `y[o, index[j], i] += u[o, j, i]` into zeros around `axis`, which gets size `n`. Repeated indices add up in ascending order of j: the same bits on any number of threads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScatterAdd {
    /// The axis.
    pub axis: usize,
    /// The size of the result along the axis.
    pub n: usize,
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
    fn rule(&self) -> Rule {
        let axis = self.axis;
        Rule::linear_in_some(move |t, [_, index], y_bar| [Some(t.gather(y_bar, index, axis)), None])
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

    fn kernel(&self) -> Kernel {
        Kernel::ScatterAdd { axis: self.axis }
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis).with("n", self.n)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(ScatterAdd { axis: p.size("axis")?, n: p.size("n")? })
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

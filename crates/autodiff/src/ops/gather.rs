//! `gather`: entries at given places along an axis.

use super::prelude::*;

/// `y[o, j, i] = x[o, index[j], i]` around `axis`: rows of a table by their numbers (`i32[m]`). An index out of range is an error at run time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gather {
    /// The axis.
    pub axis: usize,
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
    fn rule(&self) -> Rule {
        let axis = self.axis;
        Rule::linear_in_some(move |t, [x, index], y_bar| {
            let n = t.shape_of(x)[axis];
            [Some(t.scatter_add(y_bar, index, axis, n)), None]
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

    fn kernel(&self) -> Kernel {
        Kernel::Gather { axis: self.axis }
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Gather { axis: p.size("axis")? })
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

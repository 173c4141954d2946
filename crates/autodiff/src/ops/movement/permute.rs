//! `permute`: axes in another order.

use crate::ops::prelude::*;

/// Axis `i` of the result is axis `order[i]` of the operand; `[1, 0]` is the transpose of a matrix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Permute {
    /// A permutation of the axes.
    pub order: Vec<usize>,
}

impl Permute {
    fn inverse(&self) -> Vec<usize> {
        let mut inverse = vec![0; self.order.len()];
        for (to, from) in self.order.iter().enumerate() {
            inverse[*from] = to;
        }
        inverse
    }
}

impl Parameters for Permute {
    fn params(&self) -> Params {
        Params::none().with("order", &self.order[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Permute { order: p.sizes("order")? })
    }
}

impl Primitive<1> for Permute {
    const NAME: &'static str = "permute";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        let mut sorted = self.order.clone();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..x.shape.rank()) {
            bail!(Shape, "{:?} is no permutation of the axes of {x}", self.order);
        }
        Ok(x.with_shape(self.order.iter().map(|i| x.shape[*i]).collect::<Vec<_>>()))
    }

    /// Linear: x̄ is ȳ with the axes put back.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [_], y_bar| [Some(t.permute(y_bar, &this.inverse()))])
    }

    fn batch(&self) -> Self {
        Permute { order: std::iter::once(0).chain(self.order.iter().map(|i| i + 1)).collect() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Permute { order: self.order.clone() }
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick_at(y, |index| {
            let mut source = vec![0; index.len()];
            for (to, from) in self.order.iter().enumerate() {
                source[*from] = index[to];
            }
            Some(source)
        }))
    }

    fn samples() -> Vec<Sample> {
        let case = |from: Shape, order: &[usize]| Sample::reals(Permute { order: order.to_vec() }, [from]);
        vec![case(shape![3, 4], &[1, 0]), case(shape![2, 3, 4], &[2, 0, 1]), case(shape![], &[]), case(shape![0, 2], &[1, 0])]
    }
}

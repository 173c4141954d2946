//! `permute`: axes in another order.

use super::prelude::*;

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
    fn rule(&self) -> Rule {
        let back = self.inverse();
        Rule::linear(move |t, [_], y_bar| [t.permute(y_bar, &back)])
    }

    fn batch(&self) -> Self {
        Permute { order: std::iter::once(0).chain(self.order.iter().map(|i| i + 1)).collect() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Permute { order: self.order.clone() }
    }

    fn params(&self) -> Params {
        Params::none().with("order", &self.order[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Permute { order: p.sizes("order")? })
    }

    fn samples() -> Vec<Sample> {
        let case = |from: Shape, order: &[usize]| Sample::reals(Permute { order: order.to_vec() }, [from]);
        vec![case(shape![3, 4], &[1, 0]), case(shape![2, 3, 4], &[2, 0, 1]), case(shape![], &[]), case(shape![0, 2], &[1, 0])]
    }
}

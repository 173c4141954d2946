//! `broadcast`: repeat an array along new axes.

use crate::ops::prelude::*;

/// The operand's axis `i` becomes axis `axes[i]` of the result; along every other axis the operand repeats.
///
/// Axes of size 1 are not stretched: a reshape that drops them comes first, so the transpose is a plain `sum`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broadcast {
    /// The shape of the result.
    pub shape: Shape,
    /// Where the operand's axes go, strictly ascending.
    pub axes: Vec<usize>,
}

impl Parameters for Broadcast {
    fn params(&self) -> Params {
        Params::none().with("shape", &self.shape[..]).with("axes", &self.axes[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Broadcast { shape: Shape::new(p.sizes("shape")?), axes: p.sizes("axes")? })
    }
}

impl Primitive<1> for Broadcast {
    const NAME: &'static str = "broadcast";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        let (shape, axes) = (&self.shape, &self.axes);
        let ascending = axes.windows(2).all(|w| w[0] < w[1]) && axes.iter().all(|a| *a < shape.rank());
        if axes.len() != x.shape.rank() || !ascending {
            bail!(Shape, "axes {axes:?} do not place {x} in {shape}");
        }
        if let Some(i) = (0..axes.len()).find(|i| shape[axes[*i]] != x.shape[*i]) {
            bail!(Shape, "axis {i} of {x} does not fit axis {} of {shape}", axes[i]);
        }
        Ok(x.with_shape(shape))
    }

    /// Linear: x̄ is the sum of ȳ over the new axes.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [_], y_bar| {
            let new = Axes::new(this.axes.clone()).complement(this.shape.rank());
            [Some(t.sum(y_bar, &new))]
        })
    }

    fn batch(&self) -> Self {
        unreachable!("vmap knows the batch size")
    }

    fn vmap(&self, t: &mut Builder, [x]: [Batched; 1], size: usize) -> Value {
        let axes = std::iter::once(0).chain(self.axes.iter().map(|a| a + 1)).collect::<Vec<_>>();
        t.broadcast(x.value, self.shape.inserted(0, size), axes)
    }

    fn kernel(&self) -> Kernel {
        Kernel::Broadcast { axes: self.axes.clone() }
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick_at(y, |index| Some(self.axes.iter().map(|a| index[*a]).collect())))
    }

    fn samples() -> Vec<Sample> {
        let case = |from: Shape, to: Shape, axes: &[usize]| Sample::reals(Broadcast { shape: to, axes: axes.to_vec() }, [from]);
        vec![
            case(shape![], shape![3, 4], &[]),
            case(shape![4], shape![3, 4], &[1]),
            case(shape![3], shape![3, 4], &[0]),
            case(shape![2, 3], shape![2, 5, 3], &[0, 2]),
            case(shape![2], shape![2, 0], &[0]),
        ]
    }
}

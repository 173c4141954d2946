//! `slice`: a regular part of an array.

use crate::ops::prelude::*;

/// Along every axis, `size` entries from `start` on, `step` apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The first index along each axis.
    pub start: Vec<usize>,
    /// How many entries along each axis.
    pub size: Vec<usize>,
    /// The distance between entries, at least 1.
    pub step: Vec<usize>,
}

impl Parameters for Slice {
    fn params(&self) -> Params {
        Params::none().with("start", &self.start[..]).with("size", &self.size[..]).with("step", &self.step[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Slice { start: p.sizes("start")?, size: p.sizes("size")?, step: p.sizes("step")? })
    }
}

impl Primitive<1> for Slice {
    const NAME: &'static str = "slice";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        let rank = x.shape.rank();
        if [self.start.len(), self.size.len(), self.step.len()] != [rank; 3] || self.step.contains(&0) {
            bail!(Shape, "start {:?}, size {:?}, step {:?} do not fit {x}", self.start, self.size, self.step);
        }
        for i in 0..rank {
            let (start, size, step) = (self.start[i], self.size[i], self.step[i]);
            let last = size.checked_sub(1).map(|n| n.saturating_mul(step).saturating_add(start));
            let inside = last.map_or(start <= x.shape[i], |last| last < x.shape[i]);
            // Strides are in elements, and signed.
            if step.saturating_mul(x.shape.size().max(1)) > isize::MAX as usize {
                bail!(Shape, "the step {step} along axis {i} of {x} is too long");
            }
            if !inside {
                bail!(Shape, "{size} entries from {start}, {step} apart, reach past axis {i} of {x}");
            }
        }
        Ok(x.with_shape(self.size.clone()))
    }

    /// Linear: x̄ is ȳ with zeros in the places that were left out.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [x], y_bar| {
            let inner = this.step.iter().map(|s| s - 1).collect();
            let shape = t.shape_of(x);
            [Some(t.pad(y_bar, this.start.clone(), inner, shape))]
        })
    }

    fn vmap(&self, t: &mut Builder, [x]: [Batched; 1], batch: usize) -> Value {
        let front = |first: usize, rest: &[usize]| std::iter::once(first).chain(rest.iter().copied()).collect();
        t.slice(x.value, front(0, &self.start), front(batch, &self.size), front(1, &self.step))
    }

    fn kernel(&self) -> Kernel {
        Kernel::Slice { start: self.start.clone(), step: self.step.clone() }
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick_at(y, |index| Some((0..index.len()).map(|a| self.start[a] + index[a] * self.step[a]).collect())))
    }

    fn samples() -> Vec<Sample> {
        let case = |from: Shape, start: &[usize], size: &[usize], step: &[usize]| {
            Sample::reals(Slice { start: start.to_vec(), size: size.to_vec(), step: step.to_vec() }, [from])
        };
        vec![
            case(shape![5], &[1], &[3], &[1]),
            case(shape![4, 7], &[0, 1], &[2, 3], &[2, 2]),
            case(shape![3], &[3], &[0], &[1]),
            case(shape![], &[], &[], &[]),
        ]
    }
}

//! `pad`: zeros around an array and between its elements.

use crate::ops::prelude::*;

/// Along every axis, `low` zeros, then the operand's entries with `inner` zeros between neighbours, then zeros up to
/// `shape`. The transpose of `slice`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Pad {
    /// Zeros before the first entry.
    pub low: Vec<usize>,
    /// Zeros between neighbours.
    pub inner: Vec<usize>,
    /// The shape of the result.
    pub shape: Shape,
}

impl Parameters for Pad {
    fn params(&self) -> Params {
        Params::none().with("low", &self.low[..]).with("inner", &self.inner[..]).with("shape", &self.shape[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Pad { low: p.sizes("low")?, inner: p.sizes("inner")?, shape: Shape::new(p.sizes("shape")?) })
    }
}

impl Primitive<1> for Pad {
    const NAME: &'static str = "pad";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        let rank = x.shape.rank();
        if [self.low.len(), self.inner.len(), self.shape.rank()] != [rank; 3] {
            bail!(Shape, "low {:?}, inner {:?}, shape {} do not fit {x}", self.low, self.inner, self.shape);
        }
        for i in 0..rank {
            let n = x.shape[i];
            let spread = n.checked_sub(1).map_or(0, |n| n.saturating_mul(self.inner[i].saturating_add(1)).saturating_add(1));
            let needed = self.low[i].saturating_add(spread);
            // Strides are in elements, and signed.
            if self.inner[i] > 0 && self.inner[i].saturating_add(1).saturating_mul(self.shape.size().max(1)) > isize::MAX as usize {
                bail!(Shape, "{} zeros between neighbours along axis {i} of {x} are too many", self.inner[i]);
            }
            if needed > self.shape[i] {
                bail!(Shape, "axis {i} of {x} needs {needed} places, the result has {}", self.shape[i]);
            }
        }
        Ok(x.with_shape(&self.shape))
    }

    /// Linear: x̄ is the slice of ȳ where x went.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [x], y_bar| {
            let size = t.shape_of(x).to_vec();
            [Some(t.slice(y_bar, this.low.clone(), size, this.inner.iter().map(|i| i + 1).collect()))]
        })
    }

    fn vmap(&self, t: &mut Builder, [x]: [Batched; 1], batch: usize) -> Value {
        let front = |rest: &[usize]| std::iter::once(0).chain(rest.iter().copied()).collect();
        t.pad(x.value, front(&self.low), front(&self.inner), self.shape.inserted(0, batch))
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let all = y.ty.shape.strides();
        let offset = self.low.iter().zip(&all).map(|(l, s)| l * *s as usize).sum();
        let strides: Vec<isize> = all.iter().zip(&self.inner).map(|(s, i)| s * (*i as isize + 1)).collect();
        by_dtype!(y.ty.dtype, T => {
            let y = y.elements::<T>();
            y.fill(T::default());
            if x.ty.shape.size() > 0 {
                quadric_kernels::copy::scatter_strided(y, offset, &strides, &x.ty.shape, x.elements());
            }
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick_at(y, |mut index| {
            for (a, i) in index.iter_mut().enumerate() {
                let shifted = i.checked_sub(self.low[a])?;
                if shifted % (self.inner[a] + 1) != 0 || shifted / (self.inner[a] + 1) >= x.ty.shape[a] {
                    return None;
                }
                *i = shifted / (self.inner[a] + 1);
            }
            Some(index)
        }))
    }

    fn samples() -> Vec<Sample> {
        let case = |from: Shape, low: &[usize], inner: &[usize], to: Shape| {
            Sample::reals(Pad { low: low.to_vec(), inner: inner.to_vec(), shape: to }, [from])
        };
        vec![
            case(shape![3], &[1], &[0], shape![6]),
            case(shape![2, 3], &[0, 1], &[1, 2], shape![3, 9]),
            case(shape![0], &[2], &[0], shape![4]),
        ]
    }
}

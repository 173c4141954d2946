//! `reverse`: the order of the elements turned around.

use crate::ops::prelude::*;

/// Index `i` becomes `n − 1 − i` along each of `axes`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reverse {
    /// The axes that are turned.
    pub axes: Axes,
}

impl Parameters for Reverse {
    fn params(&self) -> Params {
        Params::none().with("axes", &self.axes[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Reverse { axes: Axes::new(p.sizes("axes")?) })
    }
}

impl Primitive<1> for Reverse {
    const NAME: &'static str = "reverse";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        x.without(&self.axes)?;
        Ok(x.clone())
    }

    /// Linear, and its own transpose.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [_], y_bar| [Some(t.reverse(y_bar, &this.axes))])
    }

    fn batch(&self) -> Self {
        Reverse { axes: self.axes.shifted_by_one() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Reverse { axes: self.axes.clone() }
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.pick_at(y, |mut index| {
            for a in self.axes.iter() {
                index[*a] = y.shape[*a] - 1 - index[*a];
            }
            Some(index)
        }))
    }

    fn samples() -> Vec<Sample> {
        vec![
            Sample::reals(Reverse { axes: axes![1] }, [shape![3, 4]]),
            Sample::reals(Reverse { axes: axes![0, 2] }, [shape![3, 2, 4]]),
            Sample::reals(Reverse { axes: axes![0] }, [shape![0]]),
        ]
    }
}

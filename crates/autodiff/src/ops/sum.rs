//! `sum`: add up the entries along some axes.

use super::prelude::*;

/// Sum over `axes`, which leave the shape: `f64[3,4]` over axis 1 gives `f64[3]`.
///
/// Adds pairwise in an order fixed by the shape alone, so the result is the same on any number of threads
/// and the rounding error grows like log n (Higham 2002, §4.2). The sum of nothing is 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sum {
    /// The axes that are summed over.
    pub axes: Axes,
}

impl Primitive<1> for Sum {
    const NAME: &'static str = "sum";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        number(x)?.without(&self.axes)
    }

    /// Linear: ẏ is the sum of ẋ, and x̄ is ȳ copied back along `axes`.
    fn rule(&self) -> Rule {
        let axes = self.axes.clone();
        Rule::linear(move |t, [x], y_bar| {
            let shape = t.shape_of(x);
            let kept = axes.complement(shape.rank()).to_vec();
            [t.broadcast(y_bar, shape, kept)]
        })
    }

    /// The batch axis is axis 0 and stays; every other axis moves up by one.
    fn batch(&self) -> Self {
        Sum { axes: self.axes.shifted_by_one() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Sum { axes: self.axes.clone() }
    }

    fn params(&self) -> Params {
        Params::none().with("axes", &self.axes[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Sum { axes: Axes::new(p.sizes("axes")?) })
    }

    fn samples() -> Vec<Sample> {
        [
            (axes![1], shape![3, 4]),
            (axes![0], shape![3, 4]),
            (axes![0, 1], shape![3, 4]),
            (axes![0, 2], shape![2, 3, 4]),
            (axes![0], shape![0]),
            (axes![1], shape![3, 0]),
            (axes![], shape![3]),
        ]
        .map(|(axes, shape)| Sample::reals(Sum { axes }, [shape]))
        .to_vec()
    }
}

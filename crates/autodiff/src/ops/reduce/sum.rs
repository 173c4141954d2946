//! `sum`: add up the entries along some axes.

use crate::ops::prelude::*;

/// Sum over `axes`, which leave the shape: `f64[3,4]` over axis 1 gives `f64[3]`.
///
/// Adds pairwise in an order fixed by the shape alone, so the result is the same on any number of threads
/// and the rounding error grows like log n (Higham 2002, §4.2). The sum of nothing is 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sum {
    /// The axes that are summed over.
    pub axes: Axes,
}

impl Parameters for Sum {
    fn params(&self) -> Params {
        Params::none().with("axes", &self.axes[..])
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Sum { axes: Axes::new(p.sizes("axes")?) })
    }
}

impl Primitive<1> for Sum {
    const NAME: &'static str = "sum";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        number(x)?.without(&self.axes)
    }

    /// Linear: ẏ is the sum of ẋ, and x̄ is ȳ copied back along `axes`.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [x], y_bar| {
            let shape = t.shape_of(x);
            let kept = this.axes.complement(shape.rank()).to_vec();
            [Some(t.broadcast(y_bar, shape, kept))]
        })
    }

    /// The batch axis is axis 0 and stays; every other axis moves up by one.
    fn batch(&self) -> Self {
        Sum { axes: self.axes.shifted_by_one() }
    }

    fn kernel(&self) -> Kernel {
        Kernel::Reduce { axes: self.axes.clone() }
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        use quadric_kernels::reduce;
        let (outer, n, inner) = self.axes.around(&x.ty.shape);
        let threads = y.threads;
        match y.ty.dtype {
            DType::F32 => reduce::sum(x.elements::<f32>(), outer, n, inner, y.elements(), threads),
            DType::F64 => reduce::sum(x.elements::<f64>(), outer, n, inner, y.elements(), threads),
            _ => by_int!(y.ty.dtype, T => reduce::sum_int(x.elements::<T>(), outer, n, inner, y.elements())),
        }
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(x.reduced(y, &self.axes, S::ZERO, |sum, x| sum + x))
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

//! `cumsum`: running sums along an axis.

use crate::ops::prelude::*;

/// `y[i] = x[0] + … + x[i]` along `axis`, or from the end if `reverse`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CumSum {
    /// The axis.
    pub axis: usize,
    /// Sum from the end: `y[i] = x[i] + … + x[n−1]`.
    pub reverse: bool,
}

impl Parameters for CumSum {
    fn params(&self) -> Params {
        Params::none().with("axis", self.axis).with("reverse", self.reverse)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(CumSum { axis: p.size("axis")?, reverse: p.flag("reverse")? })
    }
}

impl Primitive<1> for CumSum {
    const NAME: &'static str = "cumsum";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(x.clone())
    }

    /// Linear: x̄ is the running sum of ȳ from the other end.
    fn rule(&self) -> Rule<Self, 1> {
        Rule::Linear(|this, t, [_], y_bar| [Some(t.cumsum(y_bar, this.axis, !this.reverse))])
    }

    fn batch(&self) -> Self {
        CumSum { axis: self.axis + 1, reverse: self.reverse }
    }

    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        let (outer, n, inner) = x.ty.shape.around(self.axis);
        by_float!(y.ty.dtype, T => {
            quadric_kernels::reduce::cumsum(x.elements::<T>(), outer, n, inner, self.reverse, y.elements());
        });
        Ok(())
    }

    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        let mut lines = x.lines(self.axis);
        for line in &mut lines {
            let mut sum = S::ZERO;
            let forth: Vec<usize> = (0..line.len()).collect();
            for i in if self.reverse { forth.into_iter().rev().collect() } else { forth } {
                sum = sum + line[i];
                line[i] = sum;
            }
        }
        Ok(Array::from_lines(y, self.axis, &lines))
    }

    fn samples() -> Vec<Sample> {
        [(0, false, shape![5]), (1, true, shape![3, 4]), (0, true, shape![3, 4]), (0, false, shape![0])]
            .map(|(axis, reverse, shape)| Sample::reals(CumSum { axis, reverse }, [shape]))
            .to_vec()
    }
}

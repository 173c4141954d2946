//! `cumsum`: running sums along an axis.

use super::prelude::*;

/// `y[i] = x[0] + … + x[i]` along `axis`, or from the end if `reverse`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CumSum {
    /// The axis.
    pub axis: usize,
    /// Sum from the end: `y[i] = x[i] + … + x[n−1]`.
    pub reverse: bool,
}

impl Primitive<1> for CumSum {
    const NAME: &'static str = "cumsum";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        axis_of(&float(x)?, self.axis)?;
        Ok(x.clone())
    }

    /// Linear: x̄ is the running sum of ȳ from the other end.
    fn rule(&self) -> Rule {
        let (axis, reverse) = (self.axis, !self.reverse);
        Rule::linear(move |t, [_], y_bar| [t.cumsum(y_bar, axis, reverse)])
    }

    fn batch(&self) -> Self {
        CumSum { axis: self.axis + 1, reverse: self.reverse }
    }

    fn kernel(&self) -> Kernel {
        Kernel::CumSum { axis: self.axis, reverse: self.reverse }
    }

    fn params(&self) -> Params {
        Params::none().with("axis", self.axis).with("reverse", self.reverse)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(CumSum { axis: p.size("axis")?, reverse: p.flag("reverse")? })
    }

    fn samples() -> Vec<Sample> {
        [(0, false, shape![5]), (1, true, shape![3, 4]), (0, true, shape![3, 4]), (0, false, shape![0])]
            .map(|(axis, reverse, shape)| Sample::reals(CumSum { axis, reverse }, [shape]))
            .to_vec()
    }
}

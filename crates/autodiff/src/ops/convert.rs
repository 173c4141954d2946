//! `convert`: the same numbers in another dtype.

use super::prelude::*;

/// `y = x` rounded to `dtype`; floats to integers truncate and saturate, anything to bool is `x ≠ 0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Convert {
    /// The dtype of the result.
    pub dtype: DType,
}

impl Primitive<1> for Convert {
    const NAME: &'static str = "convert";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.with_dtype(self.dtype))
    }

    /// Between floats linear: x̄ is ȳ converted back. To or from integers there is no tangent.
    fn rule(&self) -> Rule {
        if !self.dtype.is_float() {
            return Rule::Constant;
        }
        Rule::linear_in_some(|t, [x], y_bar| {
            let dtype = t.type_of(x).dtype;
            [dtype.is_float().then(|| t.convert(y_bar, dtype))]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Convert
    }

    fn params(&self) -> Params {
        Params::none().with("dtype", Param::DType(self.dtype))
    }

    fn parse(p: &Params) -> Result<Self, String> {
        match p.get("dtype")? {
            Param::DType(dtype) => Ok(Convert { dtype: *dtype }),
            other => Err(format!("{other} is no dtype")),
        }
    }

    fn samples() -> Vec<Sample> {
        let case = |from, domain, to| Sample::typed(&Convert { dtype: to }, [(from, shape![3, 4], domain)]);
        [
            case(DType::F64, Domain::Reals, DType::F32),
            case(DType::F64, Domain::Reals, DType::I32),
            case(DType::I32, Domain::Index(9), DType::F64),
            case(DType::Bool, Domain::Bits, DType::F64),
            case(DType::F64, Domain::Reals, DType::Bool),
        ]
        .concat()
    }
}

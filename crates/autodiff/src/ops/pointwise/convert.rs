//! `convert`: the same numbers in another dtype.

use crate::ops::prelude::*;
use crate::reference::Data;

/// `y = x` rounded to `dtype`; floats to integers truncate and saturate, anything to bool is `x ≠ 0`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Convert {
    /// The dtype of the result.
    pub dtype: DType,
}

impl Parameters for Convert {
    fn params(&self) -> Params {
        Params::none().with("dtype", Param::DType(self.dtype))
    }

    fn parse(p: &Params) -> Result<Self, String> {
        match p.get("dtype")? {
            Param::DType(dtype) => Ok(Convert { dtype: *dtype }),
            other => Err(format!("{other} is no dtype")),
        }
    }
}

impl Primitive<1> for Convert {
    const NAME: &'static str = "convert";

    fn infer(&self, [x]: [&Type; 1]) -> Result<Type, Error> {
        Ok(x.with_dtype(self.dtype))
    }

    /// Between floats linear: x̄ is ȳ converted back. To or from integers there is no tangent.
    fn rule(&self) -> Rule<Self, 1> {
        if !self.dtype.is_float() {
            return Rule::Constant;
        }
        Rule::Linear(|_, t, [x], y_bar| {
            let dtype = t.type_of(x).dtype;
            [dtype.is_float().then(|| t.convert(y_bar, dtype))]
        })
    }

    fn kernel(&self) -> Kernel {
        Kernel::Convert
    }

    /// To or from integers.
    fn run(&self, [x]: [Operand<'_>; 1], y: &mut Output<'_>) -> Result<(), Error> {
        by_dtype!(x.ty.dtype, A => by_dtype!(y.ty.dtype, B => {
            quadric_kernels::convert(x.elements::<A>(), y.elements::<B>());
        }));
        Ok(())
    }

    /// A float dtype stands for S in both directions: the interpreter does not round to f32.
    fn define<S: Scalar>(&self, [x]: [&Array<S>; 1], y: &Type) -> Result<Array<S>, Error> {
        Ok(match &x.data {
            Data::Real(x) if y.dtype.is_float() => Array::real(y, x.clone()),
            Data::Real(x) => Array::int(y, x.iter().map(|x| truncated(y.dtype, x.to_f64())).collect()),
            Data::Int(x) if y.dtype.is_float() => Array::real(y, x.iter().map(|x| S::from_f64(*x as f64)).collect()),
            Data::Int(x) => Array::int(y, x.clone()),
        })
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

/// Towards zero, saturating; NaN is 0. To bool: whether it is not 0.
fn truncated(dtype: DType, x: f64) -> i64 {
    match dtype {
        DType::I32 => i64::from(x as i32),
        DType::U32 => i64::from(x as u32),
        _ => i64::from(x != 0.0),
    }
}

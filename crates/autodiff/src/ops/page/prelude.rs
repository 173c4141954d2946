//! What every page of a primitive needs, and the checks that many share.

pub use super::builder::Ops;
pub use super::elementwise::Elementwise;
pub use super::parameters::Parameters;
pub use super::primitive::{Primitive, op};
pub use super::rule::{Given, Rule};
pub use super::sample::{Domain, Sample};
pub use crate::dtype::DType;
pub(crate) use crate::dtype::{by_dtype, by_float, by_int};
pub use crate::error::Error;
pub(crate) use crate::error::bail;
pub use crate::reference::{Array, Scalar, ravel, unravel};
pub use crate::shape::{Axes, Shape, Type};
pub use crate::tape::{
    Batched, Binary, Builder, Class, Kernel, Linearity, Operand, Output, Param, Params, Term, Unary, Value,
};
pub use crate::{axes, shape};

/// `x`'s type, if it is a float.
pub fn float(x: &Type) -> Result<Type, Error> {
    if !x.dtype.is_float() {
        bail!(DType, "the operand is {x}, a float is needed");
    }
    Ok(x.clone())
}

/// `x`'s type, if it is no bool.
pub fn number(x: &Type) -> Result<Type, Error> {
    if x.dtype == DType::Bool {
        bail!(DType, "the operand is {x}, a number is needed");
    }
    Ok(x.clone())
}

/// `x`'s type, if its dtype is `dtype`.
pub fn of_dtype(x: impl std::borrow::Borrow<Type>, dtype: DType) -> Result<Type, Error> {
    let x = x.borrow();
    if x.dtype != dtype {
        bail!(DType, "the operand is {x}, {dtype} is needed");
    }
    Ok(x.clone())
}

/// The one type of both operands. Dtypes never promote; broadcasting is a primitive of its own.
pub fn same(a: &Type, b: &Type) -> Result<Type, Error> {
    if a.dtype != b.dtype {
        bail!(DType, "dtypes differ: lhs {a}, rhs {b}");
    }
    if a.shape != b.shape {
        bail!(Shape, "shapes differ: lhs {a}, rhs {b}");
    }
    Ok(a.clone())
}

/// The one type of both operands, numbers.
pub fn same_numbers(a: &Type, b: &Type) -> Result<Type, Error> {
    number(&same(a, b)?)
}

/// The one type of both operands, floats.
pub fn same_floats(a: &Type, b: &Type) -> Result<Type, Error> {
    float(&same(a, b)?)
}

/// Checks that `axis` exists.
pub fn axis_of(x: &Type, axis: usize) -> Result<(), Error> {
    if axis >= x.shape.rank() {
        bail!(Shape, "axis {axis} is out of range for {x}");
    }
    Ok(())
}

/// Checks that indices are `i32`.
pub fn indices(index: &Type) -> Result<(), Error> {
    if index.dtype != DType::I32 {
        bail!(DType, "the indices are {index}, i32 is needed");
    }
    Ok(())
}

/// What `run` says of an index that a kernel found out of range.
pub fn out_of_range(name: &str, index: &[i32], at: usize, n: usize) -> Error {
    let what = format!("{name}: index {} at position {at} is out of range for {n} entries", index[at]);
    Error::new(crate::ErrorKind::Data, what)
}

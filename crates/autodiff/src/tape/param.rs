//! Parameters of a primitive in the text form: `sum[axes=(0,2)]`.

use std::fmt;

use crate::dtype::DType;
use crate::shape::Type;
use crate::tensor::Tensor;

/// One parameter's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// `3`
    Int(i64),
    /// `(0,2)`
    Ints(Vec<i64>),
    /// `nonlinear`: a bare word.
    Word(String),
    /// `"logits"`: quoted, with `\"` and `\\`.
    Text(String),
    /// `f64`
    DType(DType),
    /// `f64[3,4]`
    Type(Type),
    /// A constant array: its bits in hexadecimal if small, `@k` of the side table else.
    Tensor(Tensor),
}

impl From<usize> for Param {
    fn from(x: usize) -> Param {
        Param::Int(x as i64)
    }
}

impl From<i32> for Param {
    fn from(x: i32) -> Param {
        Param::Int(i64::from(x))
    }
}

impl From<&[usize]> for Param {
    fn from(x: &[usize]) -> Param {
        Param::Ints(x.iter().map(|i| *i as i64).collect())
    }
}

impl From<bool> for Param {
    fn from(x: bool) -> Param {
        Param::Word(x.to_string())
    }
}

/// The parameters of a primitive, in printing order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Params(pub Vec<(String, Param)>);

impl Params {
    /// No parameters.
    pub fn none() -> Params {
        Params::default()
    }

    /// These and one more.
    pub fn with(mut self, name: &str, value: impl Into<Param>) -> Params {
        self.0.push((name.to_string(), value.into()));
        self
    }

    /// The value named `name`.
    pub fn get(&self, name: &str) -> Result<&Param, String> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v).ok_or_else(|| format!("parameter `{name}` is missing"))
    }

    /// The integer named `name`.
    pub fn int(&self, name: &str) -> Result<i64, String> {
        match self.get(name)? {
            Param::Int(x) => Ok(*x),
            other => Err(format!("parameter `{name}` is {other}, an integer is needed")),
        }
    }

    /// The integer named `name`, in 32 bits.
    pub fn int32<T: TryFrom<i64>>(&self, name: &str) -> Result<T, String> {
        let x = self.int(name)?;
        T::try_from(x).map_err(|_| format!("parameter `{name}` is {x}, which is out of range"))
    }

    /// The size or axis named `name`.
    pub fn size(&self, name: &str) -> Result<usize, String> {
        usize::try_from(self.int(name)?).map_err(|_| format!("parameter `{name}` is negative"))
    }

    /// The list of sizes or axes named `name`.
    pub fn sizes(&self, name: &str) -> Result<Vec<usize>, String> {
        match self.get(name)? {
            Param::Ints(xs) => xs
                .iter()
                .map(|x| usize::try_from(*x).map_err(|_| format!("parameter `{name}` has a negative entry")))
                .collect(),
            other => Err(format!("parameter `{name}` is {other}, a list such as (0,2) is needed")),
        }
    }

    /// The bool named `name`.
    pub fn flag(&self, name: &str) -> Result<bool, String> {
        match self.get(name)? {
            Param::Word(w) if w == "true" => Ok(true),
            Param::Word(w) if w == "false" => Ok(false),
            other => Err(format!("parameter `{name}` is {other}, true or false is needed")),
        }
    }

    /// The word named `name`.
    pub fn word(&self, name: &str) -> Result<&str, String> {
        match self.get(name)? {
            Param::Word(w) => Ok(w),
            other => Err(format!("parameter `{name}` is {other}, a word is needed")),
        }
    }

    /// The quoted text named `name`.
    pub fn text(&self, name: &str) -> Result<&str, String> {
        match self.get(name)? {
            Param::Text(t) => Ok(t),
            other => Err(format!("parameter `{name}` is {other}, a quoted text is needed")),
        }
    }

    /// The type named `name`.
    pub fn ty(&self, name: &str) -> Result<&Type, String> {
        match self.get(name)? {
            Param::Type(t) => Ok(t),
            other => Err(format!("parameter `{name}` is {other}, a type such as f64[3] is needed")),
        }
    }

    /// The constant named `name`.
    pub fn tensor(&self, name: &str) -> Result<&Tensor, String> {
        match self.get(name)? {
            Param::Tensor(t) => Ok(t),
            other => Err(format!("parameter `{name}` is {other}, a constant is needed")),
        }
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Param::Int(x) => write!(f, "{x}"),
            Param::Ints(xs) => {
                f.write_str("(")?;
                for (i, x) in xs.iter().enumerate() {
                    write!(f, "{}{x}", if i == 0 { "" } else { "," })?;
                }
                f.write_str(")")
            }
            Param::Word(w) => f.write_str(w),
            Param::Text(t) => write!(f, "\"{}\"", t.replace('\\', "\\\\").replace('"', "\\\"")),
            Param::DType(d) => write!(f, "{d}"),
            Param::Type(t) => write!(f, "{t}"),
            Param::Tensor(t) => write!(f, "{t}"),
        }
    }
}

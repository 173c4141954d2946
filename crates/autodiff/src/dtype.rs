//! The element types.

use std::fmt;

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum DType {
    /// 32-bit float: for training.
    F32,
    /// 64-bit float: for checking.
    F64,
    /// 32-bit signed integer: indices, labels.
    I32,
    /// 32-bit unsigned integer: random bits and keys.
    U32,
    /// `false` or `true`, stored as a byte 0 or 1.
    Bool,
}

impl DType {
    /// Every element type.
    pub const ALL: [DType; 5] = [DType::F32, DType::F64, DType::I32, DType::U32, DType::Bool];

    /// Bytes per element.
    pub fn size(self) -> usize {
        match self {
            DType::F64 => 8,
            DType::F32 | DType::I32 | DType::U32 => 4,
            DType::Bool => 1,
        }
    }

    /// Whether derivatives exist for it: `f32` and `f64`. Integers and bools carry no tangent.
    pub fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    /// The name in the text form: `f32`, `f64`, `i32`, `u32`, `bool`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F64 => "f64",
            DType::I32 => "i32",
            DType::U32 => "u32",
            DType::Bool => "bool",
        }
    }

    /// The dtype of that name.
    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL.into_iter().find(|d| d.name() == name)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `by_dtype!(dtype, T => …)` with T the type in which a dtype is stored: `u8` for bools.
macro_rules! by_dtype {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            float @ ($crate::dtype::DType::F32 | $crate::dtype::DType::F64) => {
                $crate::dtype::by_float!(float, $t => $body)
            }
            int @ ($crate::dtype::DType::I32 | $crate::dtype::DType::U32) => {
                $crate::dtype::by_int!(int, $t => $body)
            }
            $crate::dtype::DType::Bool => {
                type $t = u8;
                $body
            }
        }
    };
}
pub(crate) use by_dtype;

/// [`by_dtype`] for floats, where `infer` admits nothing else.
macro_rules! by_float {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::F32 => {
                type $t = f32;
                $body
            }
            $crate::dtype::DType::F64 => {
                type $t = f64;
                $body
            }
            other => unreachable!("infer admits floats only, not {other}"),
        }
    };
}
pub(crate) use by_float;

/// [`by_dtype`] for `i32` and `u32`: elementwise work on floats and bools is fused.
macro_rules! by_int {
    ($dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            $crate::dtype::DType::I32 => {
                type $t = i32;
                $body
            }
            $crate::dtype::DType::U32 => {
                type $t = u32;
                $body
            }
            other => unreachable!("{other} is fused"),
        }
    };
}
pub(crate) use by_int;

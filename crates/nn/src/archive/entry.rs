//! One array: a name, a type, a shape, the bytes.

use std::fmt;

use super::{Dtype, Info, Shown};
use crate::data::{DataError, DataErrorKind};

/// One array: its name, type, shape, and the numbers in row-major order, little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

macro_rules! typed {
    ($($from:ident $to:ident $type:ty, $dtype:ident;)*) => {$(
        #[doc = concat!("An array of `", stringify!($type), "` in row-major order.")]
        ///
        /// # Panics
        /// If the number of values is not the product of `shape`.
        pub fn $from(name: impl Into<String>, shape: &[usize], values: &[$type]) -> Entry {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            Entry::new(name, Dtype::$dtype, shape, bytes).expect("as many values as the shape asks for")
        }

        #[doc = concat!("The values, if they are stored as `", stringify!($type), "`; nothing is converted from another type.")]
        pub fn $to(&self) -> Option<Vec<$type>> {
            const WIDTH: usize = size_of::<$type>();
            let values = || self.bytes.as_chunks::<WIDTH>().0.iter().map(|&bytes| <$type>::from_le_bytes(bytes)).collect();
            (self.dtype == Dtype::$dtype).then(values)
        }
    )*};
}

impl Entry {
    /// An array from its little-endian bytes.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there are not as many bytes as type and shape ask for, and
    /// [`DataErrorKind::Malformed`] for a `Bool` byte other than 0 and 1, or the reserved name `__metadata__`.
    pub fn new(name: impl Into<String>, dtype: Dtype, shape: &[usize], bytes: Vec<u8>) -> Result<Entry, DataError> {
        let name = name.into();
        let fault = |kind, fault: String| Err(DataError::new(kind, format!("archive entry {}: {fault}", Shown(&name))));
        if dtype.bytes(shape) != Some(bytes.len()) {
            return fault(DataErrorKind::Mismatch, format!("{} bytes are not {dtype} of shape {shape:?}", bytes.len()));
        }
        if dtype == Dtype::Bool && bytes.iter().any(|&byte| byte > 1) {
            return fault(DataErrorKind::Malformed, "a byte of a BOOL array is neither 0 nor 1".to_owned());
        }
        if name == "__metadata__" {
            return fault(DataErrorKind::Malformed, "the format keeps this name for itself".to_owned());
        }
        Ok(Entry { name, dtype, shape: shape.to_vec(), bytes })
    }

    typed! {
        from_f32 f32 f32, F32;
        from_f64 f64 f64, F64;
        from_i32 i32 i32, I32;
        from_i64 i64 i64, I64;
        from_u32 u32 u32, U32;
    }

    /// An array of truth values in row-major order.
    ///
    /// # Panics
    /// If the number of values is not the product of `shape`.
    pub fn from_bool(name: impl Into<String>, shape: &[usize], values: &[bool]) -> Entry {
        let bytes = values.iter().map(|&value| u8::from(value)).collect();
        Entry::new(name, Dtype::Bool, shape, bytes).expect("as many values as the shape asks for")
    }

    /// The values, if they are stored as `bool`; nothing is converted from another type.
    pub fn bool(&self) -> Option<Vec<bool>> {
        (self.dtype == Dtype::Bool).then(|| self.bytes.iter().map(|&byte| byte == 1).collect())
    }

    /// The name, such as `layers.0.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of the numbers.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The shape; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers in row-major order, little-endian.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Type and shape, for a sentence: `F32 [2, 3]`.
    pub(crate) fn info(&self) -> Info {
        Info { dtype: self.dtype, shape: self.shape.clone() }
    }

    pub(crate) fn fault(&self, kind: DataErrorKind, what: impl fmt::Display) -> DataError {
        DataError::new(kind, format!("archive entry {}: {what}", Shown(&self.name)))
    }
}

//! Archives: named arrays and a few words about them, in the safetensors format.
//!
//! The format is a length, a JSON header with type, shape and place of every array, and the bytes; Python, JAX and PyTorch read
//! it. The header of a file is checked by the crate `safetensors`, whose rules (no gap, no overlap, size = shape × type) leave
//! one reading of a file. Writing is done here, in sorted order: the crate keeps metadata in a hash map, and equal archives
//! would differ in their bytes from run to run.
//!
//! An archive holds bytes, not tensors, so it serves any engine: [`Entry::f32`] and its like convert.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use safetensors::Dtype as FileDtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::data::{DataError, DataErrorKind};
use crate::files::write_atomically;

/// The types of numbers that an archive holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dtype {
    /// 32-bit floating point.
    F32,
    /// 64-bit floating point.
    F64,
    /// 32-bit whole numbers.
    I32,
    /// 64-bit whole numbers.
    I64,
    /// 32-bit whole numbers without sign.
    U32,
    /// One byte, 0 or 1.
    Bool,
}

/// One array: its name, type, shape, and the numbers in row-major order, little-endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// Arrays by name, and metadata: short texts such as the settings of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    entries: BTreeMap<String, Entry>,
    metadata: BTreeMap<String, String>,
}

impl Dtype {
    const ALL: [Dtype; 6] = [Dtype::F32, Dtype::F64, Dtype::I32, Dtype::I64, Dtype::U32, Dtype::Bool];

    /// The bytes of one number.
    pub fn size(self) -> usize {
        match self {
            Dtype::F32 | Dtype::I32 | Dtype::U32 => 4,
            Dtype::F64 | Dtype::I64 => 8,
            Dtype::Bool => 1,
        }
    }

    fn in_file(self) -> FileDtype {
        match self {
            Dtype::F32 => FileDtype::F32,
            Dtype::F64 => FileDtype::F64,
            Dtype::I32 => FileDtype::I32,
            Dtype::I64 => FileDtype::I64,
            Dtype::U32 => FileDtype::U32,
            Dtype::Bool => FileDtype::BOOL,
        }
    }
}

/// The name in the format: `F32`, …, `BOOL`.
impl fmt::Display for Dtype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.in_file())
    }
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
        let fault = |kind, fault: String| Err(DataError::new(kind, format!("archive entry {name}: {fault}")));
        let size = shape.iter().try_fold(dtype.size(), |size, &axis| size.checked_mul(axis));
        if size != Some(bytes.len()) {
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
}

impl Archive {
    /// Nothing yet.
    pub fn new() -> Archive {
        Archive::default()
    }

    /// Adds an array; one of the same name is given back.
    pub fn insert(&mut self, entry: Entry) -> Option<Entry> {
        self.entries.insert(entry.name.clone(), entry)
    }

    /// Notes a text under a key; the former text of that key is given back.
    pub fn note(&mut self, key: impl Into<String>, text: impl Into<String>) -> Option<String> {
        self.metadata.insert(key.into(), text.into())
    }

    /// The array of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// The arrays, sorted by name.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The notes, sorted by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// [`DataErrorKind::Missing`] or [`DataErrorKind::Io`] if it cannot be read, and the errors of
    /// [`from_bytes`](Archive::from_bytes); the sentence names the file.
    pub fn read(path: impl AsRef<Path>) -> Result<Archive, DataError> {
        let path = path.as_ref();
        let bytes = fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
        Archive::parse(path, &bytes)
    }

    /// Writes a safetensors file, as a whole or not at all (see [`write_atomically`]).
    ///
    /// # Errors
    /// Those of [`write_atomically`].
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        write_atomically(path, &self.to_bytes())
    }

    /// Reads what is in a safetensors file.
    ///
    /// # Errors
    /// [`DataErrorKind::Truncated`] and [`DataErrorKind::TrailingBytes`] against what the header promises,
    /// [`DataErrorKind::Malformed`] if the header contradicts itself, [`DataErrorKind::Unsupported`] for a type of numbers
    /// that [`Dtype`] has not.
    pub fn from_bytes(bytes: &[u8]) -> Result<Archive, DataError> {
        Archive::parse(Path::new("archive"), bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Archive, DataError> {
        let truncated = |fault: fmt::Arguments<'_>| DataError::at(path, DataErrorKind::Truncated, fault);
        let Some((&length, rest)) = bytes.split_first_chunk() else {
            return Err(truncated(format_args!(
                "ends after {} of the 8 bytes that say how long the header is",
                bytes.len()
            )));
        };
        let length = u64::from_le_bytes(length);
        let split = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let Some((header, payload)) = split else {
            let have = rest.len();
            return Err(truncated(format_args!(
                "the header ends after {have} of {length} bytes (or this is no safetensors file)"
            )));
        };
        let header: Metadata = serde_json::from_slice(header).map_err(|error| {
            DataError::at(path, DataErrorKind::Malformed, format_args!("not a sound safetensors header: {error}"))
                .caused_by(error)
        })?;
        // `Metadata` has checked on the way in that the arrays lie side by side from 0 to `promised`.
        let (promised, have) = (header.data_len(), payload.len());
        if have < promised {
            return Err(truncated(format_args!("the arrays end after {have} of {promised} bytes")));
        }
        if have > promised {
            let fault = format_args!("{} bytes follow after the {promised} of the arrays", have - promised);
            return Err(DataError::at(path, DataErrorKind::TrailingBytes, fault));
        }
        let mut archive = Archive::new();
        archive.metadata.extend(header.metadata().clone().unwrap_or_default());
        for (name, info) in header.tensors() {
            let Some(dtype) = Dtype::ALL.into_iter().find(|dtype| dtype.in_file() == info.dtype) else {
                let fault =
                    format_args!("{name} holds {}, and F32, F64, I32, I64, U32 and BOOL are read here", info.dtype);
                return Err(DataError::at(path, DataErrorKind::Unsupported, fault));
            };
            let bytes = payload[info.data_offsets.0..info.data_offsets.1].to_vec();
            archive.insert(
                Entry::new(name, dtype, &info.shape, bytes)
                    .map_err(|error| DataError::at(path, error.kind(), &error).caused_by(error))?,
            );
        }
        Ok(archive)
    }

    /// What is in the safetensors file of this archive: equal archives give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Wide types first, as the reference implementation has it: every array is then aligned, since the header is.
        let mut entries: Vec<&Entry> = self.entries.values().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.dtype.size()));

        let text = |text: &str| serde_json::Value::from(text).to_string();
        let mut fields = Vec::new();
        if !self.metadata.is_empty() {
            let notes: Vec<_> =
                self.metadata.iter().map(|(key, value)| format!("{}:{}", text(key), text(value))).collect();
            fields.push(format!("\"__metadata__\":{{{}}}", notes.join(",")));
        }
        let mut end = 0;
        for entry in &entries {
            let start = end;
            end += entry.bytes.len();
            let info =
                TensorInfo { dtype: entry.dtype.in_file(), shape: entry.shape.clone(), data_offsets: (start, end) };
            let info = serde_json::to_string(&info).expect("a type, a shape and two numbers are JSON");
            fields.push(format!("{}:{info}", text(&entry.name)));
        }
        let mut header = format!("{{{}}}", fields.join(","));
        while header.len() % 8 != 0 {
            header.push(' ');
        }
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        for entry in entries {
            bytes.extend(&entry.bytes);
        }
        bytes
    }
}

#[cfg(test)]
mod tests;

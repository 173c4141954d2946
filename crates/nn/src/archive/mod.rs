//! Archives: named arrays and a few words about them, in the safetensors format.
//!
//! The format is a length, a JSON header with type, shape and place of every array, and the bytes; Python, JAX and PyTorch read
//! it. Its rules (no gap, no overlap, size = shape × type, no name twice) leave one reading of a file, and all of them are checked.
//! Writing is in sorted order, so that equal archives are equal bytes.
//!
//! An archive holds bytes, not tensors, and every type of number that the format has, whether or not the engine computes with it.
//! [`Entry::f32`] and its like give the numbers as they are; [`Entry::tensor_as`] converts where that is asked for, exactly or to
//! the nearest, or says which number does not fit.
//!
//! [`Archive`] holds everything; [`ArchiveFile`] reads the header and then what is asked for. What serves both is for [`Arrays`].

mod convert;
mod dtype;
mod entry;
mod file;
mod header;
mod minifloat;

pub use convert::Conversion;
pub(crate) use convert::{little_endian, stored};
pub use dtype::Dtype;
pub use entry::Entry;
pub use file::ArchiveFile;
pub use header::Info;
pub(crate) use minifloat::Minifloat;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::data::{DataError, DataErrorKind};
use crate::files::write_atomically;

/// Arrays by name, and metadata: short texts such as the settings of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archive {
    entries: BTreeMap<String, Entry>,
    metadata: BTreeMap<String, String>,
}

/// Where arrays are found by name: an [`Archive`], an [`ArchiveFile`], a checkpoint in several files
/// ([`Shards`](crate::weights::Shards)).
pub trait Arrays {
    /// What it is called in a sentence: the path, or "the archive".
    fn place(&self) -> String;

    /// Type and shape of every array.
    fn infos(&self) -> BTreeMap<&str, Info>;

    /// The array of that name.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there is none, and what reading it meets.
    fn array(&self, name: &str) -> Result<Cow<'_, Entry>, DataError>;
}

impl Arrays for Archive {
    fn place(&self) -> String {
        "the archive".to_owned()
    }

    fn infos(&self) -> BTreeMap<&str, Info> {
        self.entries.values().map(|entry| (entry.name(), entry.info())).collect()
    }

    fn array(&self, name: &str) -> Result<Cow<'_, Entry>, DataError> {
        let missing = || DataError::new(DataErrorKind::Mismatch, format!("the archive has no array {}", Shown(name)));
        self.get(name).map(Cow::Borrowed).ok_or_else(missing)
    }
}

/// A name from a file, in a sentence: one line, whatever is in it.
pub(crate) struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() || self.0.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return write!(f, "{:?}", self.0);
        }
        f.write_str(self.0)
    }
}

/// The most things that a sentence lists one by one.
pub(crate) const MOST_TOLD: usize = 20;

/// The first few of `count` things, and how many more there are: a list in a sentence stays one that can be read.
pub(crate) fn first_few(things: impl Iterator<Item = String>, count: usize, between: &str) -> String {
    let mut told: Vec<String> = things.take(MOST_TOLD).collect();
    if count > told.len() {
        told.push(format!("and {} more", count - told.len()));
    }
    told.join(between)
}

impl Archive {
    /// Nothing yet.
    pub fn new() -> Archive {
        Archive::default()
    }

    /// Adds an array; one of the same name is given back.
    pub fn insert(&mut self, entry: Entry) -> Option<Entry> {
        self.entries.insert(entry.name().to_owned(), entry)
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
    /// [`DataErrorKind::Malformed`] if the header contradicts itself or names a type of numbers that the format has not.
    pub fn from_bytes(bytes: &[u8]) -> Result<Archive, DataError> {
        Archive::parse(Path::new("archive"), bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Archive, DataError> {
        let size = bytes.len() as u64;
        let begin = 8 + header::length(path, bytes, size)?;
        let header = header::parse(path, &bytes[8..begin], size)?;
        let mut archive = Archive { metadata: header.metadata, ..Archive::new() };
        for (name, place) in header.places {
            let bytes = bytes[begin + place.start..begin + place.end].to_vec();
            let entry = Entry::new(name, place.info.dtype, &place.info.shape, bytes)
                .map_err(|error| DataError::at(path, error.kind(), &error).caused_by(error))?;
            archive.insert(entry);
        }
        Ok(archive)
    }

    /// The same archive with every array of reals in that type, rounded to the nearest: half the bytes in [`Dtype::Bf16`].
    ///
    /// # Errors
    /// Those of [`Entry::tensor_as`] and [`Entry::from_tensor_as`] with [`Conversion::Rounded`].
    pub fn rounded(&self, dtype: Dtype) -> Result<Archive, DataError> {
        let mut archive = Archive { metadata: self.metadata.clone(), ..Archive::new() };
        for entry in self.entries() {
            let entry = if entry.dtype().is_float() && entry.dtype() != dtype {
                // Every type of reals here fits into f64, so that this rounds once.
                let exact = entry.tensor_as(quadric_autodiff::DType::F64, Conversion::Exact)?;
                Entry::from_tensor_as(entry.name(), &exact, dtype, Conversion::Rounded)?
            } else {
                entry.clone()
            };
            archive.insert(entry);
        }
        Ok(archive)
    }

    /// What is in the safetensors file of this archive: equal archives give equal bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Wide types first, as the reference implementation has it: every array is then aligned, since the header is.
        let mut entries: Vec<&Entry> = self.entries.values().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.dtype().bits()));

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
            end += entry.bytes().len();
            let shape: Vec<String> = entry.shape().iter().map(usize::to_string).collect();
            fields.push(format!(
                "{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{start},{end}]}}",
                text(entry.name()),
                entry.dtype(),
                shape.join(","),
            ));
        }
        let mut header = format!("{{{}}}", fields.join(","));
        while header.len() % 8 != 0 {
            header.push(' ');
        }
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        for entry in entries {
            bytes.extend(entry.bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests;

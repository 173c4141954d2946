//! A file of which only the header has been read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::header::{self, Header, Place};
use super::{Arrays, Entry, Info, Shown};
use crate::data::{DataError, DataErrorKind};

/// A safetensors file whose arrays are read one by one when they are asked for: a file may be larger than the memory.
///
/// The whole header is checked when it is opened, against the length of the file too; the arrays are not looked at before they are read.
#[derive(Debug)]
pub struct ArchiveFile {
    path: PathBuf,
    file: Mutex<File>,
    header: Header,
}

impl ArchiveFile {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// Those of [`Archive::read`](super::Archive::read), except what only the arrays show; [`DataErrorKind::Unsupported`] for what is no
    /// plain file and has no length.
    pub fn open(path: impl AsRef<Path>) -> Result<ArchiveFile, DataError> {
        let path = path.as_ref();
        let io = |error| DataError::io(path, "read", error);
        let mut file = File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        if !about.is_file() {
            return Err(DataError::at(path, DataErrorKind::Unsupported, "is not a plain file; read it as a whole"));
        }
        let size = about.len();
        let mut start = Vec::new();
        (&mut file).take(8).read_to_end(&mut start).map_err(io)?;
        let length = header::length(path, &start, size)?;
        let mut text = Vec::with_capacity(length);
        (&mut file).take(length as u64).read_to_end(&mut text).map_err(io)?;
        if text.len() < length {
            return Err(shrunk(path));
        }
        let header = header::parse(path, &text, size)?;
        Ok(ArchiveFile { path: path.to_path_buf(), file: Mutex::new(file), header })
    }

    /// The path it was opened with.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The notes, sorted by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.header.metadata
    }

    /// Reads the array of that name.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there is none, [`DataErrorKind::Io`] if it cannot be read, [`DataErrorKind::Truncated`] if the file
    /// has been cut since it was opened, [`DataErrorKind::Malformed`] for a `BOOL` byte other than 0 and 1.
    pub fn entry(&self, name: &str) -> Result<Entry, DataError> {
        let Some(Place { info, start, end }) = self.header.places.get(name) else {
            let fault = format_args!("has no array {}", Shown(name));
            return Err(DataError::at(&self.path, DataErrorKind::Mismatch, fault));
        };
        let mut bytes = vec![0; end - start];
        // A panic of another reader leaves the file at some place, and the next line goes to another.
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let read =
            file.seek(SeekFrom::Start(self.header.begin + *start as u64)).and_then(|_| file.read_exact(&mut bytes));
        drop(file);
        read.map_err(|error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => shrunk(&self.path),
            _ => DataError::io(&self.path, "read", error),
        })?;
        Entry::new(name, info.dtype, &info.shape, bytes)
            .map_err(|error| DataError::at(&self.path, error.kind(), &error).caused_by(error))
    }
}

impl Arrays for ArchiveFile {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn infos(&self) -> BTreeMap<&str, Info> {
        self.header.places.iter().map(|(name, place)| (name.as_str(), place.info.clone())).collect()
    }

    fn array(&self, name: &str) -> Result<Cow<'_, Entry>, DataError> {
        self.entry(name).map(Cow::Owned)
    }
}

fn shrunk(path: &Path) -> DataError {
    DataError::at(path, DataErrorKind::Truncated, "has become shorter while it was being read")
}

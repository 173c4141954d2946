//! What can be wrong with a file: one error type for everything this crate reads and writes.
//!
//! The sentence is made for the person who typed the path: it names the file first and the fault second, with the numbers
//! that disagree. Programs match on [`DataErrorKind`]; the operating system's own error, where there is one, is the `source`.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::path::Path;

use quadric_autodiff::{Error, ErrorKind};

/// A data file, archive or output folder is not what it should be.
///
/// `Display` is one sentence that names the file and the fault, [`kind`](DataError::kind) is for programs, and
/// `source()` is the error of the operating system or of the JSON parser below it, if there was one.
pub struct DataError {
    kind: DataErrorKind,
    sentence: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The fault of a file, for programs to match on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataErrorKind {
    /// The file or folder is not there.
    Missing,
    /// The operating system refused to read or write.
    Io,
    /// The first bytes are not those of the expected format.
    WrongMagic,
    /// The file ends before what its header promises.
    Truncated,
    /// Bytes follow after the end of what the header promises.
    TrailingBytes,
    /// The header or the compressed stream contradicts itself.
    Malformed,
    /// The file is well formed, but holds a type or an order that is not read here.
    Unsupported,
    /// Two counts or shapes that must agree do not.
    Mismatch,
    /// A label is negative, or not below the number of classes.
    LabelOutOfRange,
    /// A number is NaN or infinite.
    NotFinite,
    /// A value is missing, such as an empty field of a table.
    MissingValue,
    /// A row does not exist, or a number does not fit into the type that it is to be held in.
    OutOfRange,
    /// What the caller asks for makes no sense, whatever the data: batches of no rows, fractions that do not add up.
    Argument,
    /// There are no examples.
    Empty,
    /// The output folder holds something that no former report wrote.
    Refused,
}

impl DataError {
    /// An error with this sentence; for readers and [`Examples`](super::Examples) of one's own.
    pub fn new(kind: DataErrorKind, sentence: impl Into<String>) -> Self {
        DataError { kind, sentence: sentence.into(), source: None }
    }

    /// `path: fault`, the usual shape of a sentence here.
    pub(crate) fn at(path: &Path, kind: DataErrorKind, fault: impl fmt::Display) -> Self {
        DataError::new(kind, format!("{}: {fault}", path.display()))
    }

    pub(crate) fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// An error of the operating system while doing `what` ("read", "write", …) to `path`.
    pub(crate) fn io(path: &Path, what: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => DataError::at(path, DataErrorKind::Missing, "no such file or folder"),
            _ => DataError::at(path, DataErrorKind::Io, format_args!("cannot {what}: {error}")),
        }
        .caused_by(error)
    }

    /// The fault, for programs.
    pub fn kind(&self) -> DataErrorKind {
        self.kind
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

/// The sentence, since `unwrap` in an example should read like the message of the program.
impl fmt::Debug for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataError({:?}: {})", self.kind, self.sentence)
    }
}

impl StdError for DataError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn StdError + 'static))
    }
}

/// So that `?` serves in a function that also computes; the kind becomes [`ErrorKind::Data`].
impl From<DataError> for Error {
    fn from(error: DataError) -> Error {
        Error::new(ErrorKind::Data, error.sentence)
    }
}

//! What can go wrong, said in one sentence.

use std::error::Error as StdError;
use std::fmt;

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The engine refused: [`Error::engine`] has its error.
    Engine,
    /// A vector or a matrix of another size than the operator's.
    Dimension,
    /// A tree of parameters that is not like the problem's.
    Structure,
    /// A cut, a scope, a line or a leaf that the problem does not have.
    Selection,
    /// A problem that is not what the operator needs: no examples, examples that depend on each other.
    Problem,
    /// A number that makes no sense where it stands: no probes, a negative radius.
    Argument,
    /// An operator that is not what the method needs (positive definite, symmetric), as its products show.
    NotPositive,
    /// A product came back infinite or not a number.
    NotFinite,
    /// An iteration ended without reaching its tolerance.
    NotConverged,
}

/// An error of this crate: a kind, a sentence, and a source where there is one.
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error of this kind that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), source: None }
    }

    pub(crate) fn because(mut self, source: impl StdError + Send + Sync + 'static) -> Error {
        self.source = Some(Box::new(source));
        self
    }

    /// What kind of mistake this is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The engine's own error, if it is one.
    pub fn engine(&self) -> Option<&quadric_autodiff::Error> {
        self.source.as_ref()?.downcast_ref()
    }
}

/// The engine's sentence as it stands, with the user's line in it.
impl From<quadric_autodiff::Error> for Error {
    fn from(error: quadric_autodiff::Error) -> Error {
        let kind = match error.kind() {
            quadric_autodiff::ErrorKind::Selection => ErrorKind::Selection,
            _ => ErrorKind::Engine,
        };
        Error::new(kind, error.to_string()).because(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

/// `Err(Error::new(kind, format!(…)))` in one word.
macro_rules! bail {
    ($kind:ident, $($arg:tt)*) => {
        return Err($crate::error::Error::new($crate::error::ErrorKind::$kind, format!($($arg)*)))
    };
}
pub(crate) use bail;

//! What can go wrong, said in one sentence.
//!
//! One opaque type for the crate. [`ErrorKind`] is for programs to match on, the sentence is for the person who reads
//! it: the primitive, the operands, the place. A mistake found while tracing carries the caller's line.

use std::fmt;

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Operand shapes do not fit each other or the primitive.
    Shape,
    /// Operand dtypes do not fit each other or the primitive.
    DType,
    /// A scalar was needed (the value to differentiate, for instance).
    NotScalar,
    /// An integer or bool was to be differentiated.
    NotDifferentiable,
    /// A primitive has no rule for the transform.
    NoRule,
    /// A `Var` was used after its trace had ended, or where no trace is open.
    EscapedVar,
    /// A cut, scope or line that a selection names is missing or ambiguous.
    Selection,
    /// A wrong number of inputs, outputs or leaves.
    Arity,
    /// Text that is no tape.
    Parse,
    /// What only the data can decide: an index out of range, a matrix that is not positive definite.
    Data,
    /// A derivative declared by the user that is not what it must be (not linear in the tangent, for instance).
    Declaration,
}

/// An error of the engine: a kind, a sentence, and the user's line where there is one.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    kind: ErrorKind,
    message: String,
    place: Option<String>,
}

impl Error {
    /// An error without a place; [`at`](Error::at) adds one.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { inner: Box::new(Inner { kind, message: message.into(), place: None }) }
    }

    /// The same error at `place`, unless it already has one (the innermost place is the useful one).
    pub fn at(mut self, place: impl fmt::Display) -> Error {
        self.inner.place.get_or_insert_with(|| place.to_string());
        self
    }

    /// The same error with `context: ` in front of its sentence.
    pub fn within(mut self, context: impl fmt::Display) -> Error {
        self.inner.message = format!("{context}: {}", self.inner.message);
        self
    }

    /// What kind of mistake this is.
    pub fn kind(&self) -> ErrorKind {
        self.inner.kind
    }

    /// The user's line, `file:line:column`, where one is known.
    pub fn place(&self) -> Option<&str> {
        self.inner.place.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.message)?;
        match &self.inner.place {
            Some(place) => write!(f, " ({place})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.inner.kind)
    }
}

impl std::error::Error for Error {}

/// `1 tensor`, `2 tensors`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// `Err(Error::new(kind, format!(…)))` in one word.
macro_rules! bail {
    ($kind:ident, $($arg:tt)*) => {
        return Err($crate::error::Error::new($crate::error::ErrorKind::$kind, format!($($arg)*)))
    };
}
pub(crate) use bail;

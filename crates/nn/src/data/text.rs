//! Text as numbers: vocabularies, and windows to learn the next token from.

use std::fs;
use std::path::Path;

use quadric_autodiff::Tensor;

use super::{Batch, DataError, DataErrorKind, Examples};

/// Which token stands for which piece of text: characters, or bytes.
///
/// # Example
/// ```
/// use quadric_nn::data::Vocabulary;
/// let characters = Vocabulary::of_characters("hello, wörld")?;
/// assert_eq!(characters.len(), 10); // " ,dehlorwö", in the order of Unicode
/// let tokens = characters.encode("wörld")?;
/// assert_eq!(tokens, [8, 9, 7, 5, 2]);
/// assert_eq!(characters.decode(&tokens)?, "wörld");
/// assert_eq!(Vocabulary::bytes().encode("ö")?, [0xc3, 0xb6]);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    /// Ascending; `None` for the 256 bytes.
    characters: Option<Vec<char>>,
}

impl Vocabulary {
    /// The 256 bytes of UTF-8: every text can be encoded.
    pub fn bytes() -> Vocabulary {
        Vocabulary { characters: None }
    }

    /// The characters that occur in a text, in the order of Unicode.
    ///
    /// # Errors
    /// [`DataErrorKind::Empty`] if none does.
    pub fn of_characters(text: &str) -> Result<Vocabulary, DataError> {
        let mut characters: Vec<char> = text.chars().collect();
        characters.sort_unstable();
        characters.dedup();
        if characters.is_empty() {
            return Err(DataError::new(DataErrorKind::Empty, "a vocabulary: the text is empty"));
        }
        Ok(Vocabulary { characters: Some(characters) })
    }

    /// How many tokens there are.
    #[expect(clippy::len_without_is_empty, reason = "a vocabulary is never empty")]
    pub fn len(&self) -> usize {
        self.characters.as_ref().map_or(256, Vec::len)
    }

    /// The tokens of a text.
    ///
    /// # Errors
    /// [`DataErrorKind::OutOfRange`] for a character that is not in the vocabulary, with its place.
    pub fn encode(&self, text: &str) -> Result<Vec<i32>, DataError> {
        let Some(characters) = &self.characters else { return Ok(text.bytes().map(i32::from).collect()) };
        let token = |(at, character): (usize, char)| match characters.binary_search(&character) {
            Ok(token) => Ok(token as i32),
            Err(_) => {
                let fault = format!("a vocabulary: {character:?}, character {at} of the text, is not in it");
                Err(DataError::new(DataErrorKind::OutOfRange, fault))
            }
        };
        text.chars().enumerate().map(token).collect()
    }

    /// The text of some tokens.
    ///
    /// # Errors
    /// [`DataErrorKind::OutOfRange`] for a number that is no token, [`DataErrorKind::Malformed`] for bytes that are no UTF-8, each with its place.
    pub fn decode(&self, tokens: &[i32]) -> Result<String, DataError> {
        String::from_utf8(self.decoded(tokens)?).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            let fault = format!("a vocabulary: from token {at} on the bytes are no UTF-8");
            DataError::new(DataErrorKind::Malformed, fault).caused_by(error)
        })
    }

    /// As [`decode`](Vocabulary::decode), with `�` for bytes that are no UTF-8: for what a model made up.
    ///
    /// # Errors
    /// [`DataErrorKind::OutOfRange`] for a number that is no token.
    pub fn decode_lossy(&self, tokens: &[i32]) -> Result<String, DataError> {
        Ok(String::from_utf8_lossy(&self.decoded(tokens)?).into_owned())
    }

    fn decoded(&self, tokens: &[i32]) -> Result<Vec<u8>, DataError> {
        let mut bytes = Vec::with_capacity(tokens.len());
        for (at, &token) in tokens.iter().enumerate() {
            let Some(index) = usize::try_from(token).ok().filter(|&index| index < self.len()) else {
                let fault = format!("a vocabulary: token {at} is {token}, and there are {} of them", self.len());
                return Err(DataError::new(DataErrorKind::OutOfRange, fault));
            };
            match &self.characters {
                Some(characters) => bytes.extend(characters[index].encode_utf8(&mut [0; 4]).as_bytes()),
                None => bytes.push(index as u8),
            }
        }
        Ok(bytes)
    }
}

/// Reads a text file.
///
/// # Errors
/// [`DataErrorKind::Malformed`] if it is no UTF-8, with the place; [`DataErrorKind::Missing`] and [`DataErrorKind::Io`].
pub fn read_text(path: impl AsRef<Path>) -> Result<String, DataError> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        DataError::at(path, DataErrorKind::Malformed, format_args!("is no UTF-8 from byte {at} on")).caused_by(error)
    })
}

/// Windows of a series of tokens to learn the next token from: example i is T tokens from `i · stride` on, its targets the same one later.
///
/// The windows are cut out when a batch is asked for, so that overlapping ones take no memory. For a part to test on, split the tokens, by
/// [`contiguous_parts`](super::contiguous_parts), not the windows, which overlap.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{Loader, Vocabulary, Windows};
/// let tokens = Vocabulary::bytes().encode("abcdef")?;
/// let windows = Windows::new(tokens, 3, 2)?;
/// let (x, y) = Loader::new(windows, 2)?.epoch(0).next().unwrap()?.pair()?;
/// assert_eq!(x, tensor![[97, 98, 99], [99, 100, 101]]);
/// assert_eq!(y, tensor![[98, 99, 100], [100, 101, 102]]);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Windows {
    tokens: Vec<i32>,
    length: usize,
    stride: usize,
}

impl Windows {
    /// Windows of `length` tokens, each `stride` after the one before; tokens at the end that fill no window are left out.
    ///
    /// # Errors
    /// [`DataErrorKind::Argument`] if length or stride is 0, [`DataErrorKind::Empty`] if there are not `length + 1` tokens.
    pub fn new(tokens: Vec<i32>, length: usize, stride: usize) -> Result<Windows, DataError> {
        if length == 0 || stride == 0 {
            let fault = format!("windows of {length} tokens with stride {stride}: both are at least 1");
            return Err(DataError::new(DataErrorKind::Argument, fault));
        }
        if tokens.len() <= length {
            let fault = format!("windows of {length} tokens and the next one: there are {} tokens", tokens.len());
            return Err(DataError::new(DataErrorKind::Empty, fault));
        }
        Ok(Windows { tokens, length, stride })
    }
}

impl Examples for Windows {
    fn len(&self) -> usize {
        (self.tokens.len() - self.length - 1) / self.stride + 1
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, DataError> {
        if let Some(row) = rows.iter().find(|&&row| row >= self.len()) {
            let fault = format!("windows: row {row} was asked for, but there are {} examples", self.len());
            return Err(DataError::new(DataErrorKind::OutOfRange, fault));
        }
        let from = |later: usize| {
            let window = |&row: &usize| &self.tokens[row * self.stride + later..][..self.length];
            let tokens: Vec<i32> = rows.iter().flat_map(window).copied().collect();
            Tensor::new([rows.len(), self.length], &tokens).expect("a window for each row")
        };
        Ok(Batch { targets: Some(from(1)), ..Batch::new(from(0)) })
    }
}

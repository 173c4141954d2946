//! The numpy array file, as far as data sets need it: little-endian floats and whole numbers in C order.
//!
//! The format ([NEP 1]): `\x93NUMPY`, a version, the length of the header, the header, then the numbers. The header is a Python
//! dictionary written out, `{'descr': '<f4', 'fortran_order': False, 'shape': (4000, 40), }`, and the reader below takes
//! exactly the literals that occur there: strings, `True`, `False`, and tuples of whole numbers.
//!
//! Considered and set aside: the crates `npyz` and `ndarray-npy`, which bring more code than these lines and, with zip, C.
//!
//! [NEP 1]: https://numpy.org/neps/nep-0001-npy-format.html

use std::fs;
use std::path::Path;

use super::{DataError, DataErrorKind};

/// An array file: its shape, and the numbers in row-major order.
#[derive(Debug)]
pub(super) struct Npy {
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

/// The numbers in the wider type of their kind; both widenings are exact.
#[derive(Debug)]
pub(super) enum Numbers {
    Float(Vec<f64>),
    Whole(Vec<i64>),
}

impl Npy {
    pub fn read(path: &Path) -> Result<Npy, DataError> {
        let bytes = fs::read(path).map_err(|error| DataError::io(path, "read", error))?;
        Npy::parse(path, &bytes)
    }

    fn parse(path: &Path, bytes: &[u8]) -> Result<Npy, DataError> {
        let fault = |kind, fault: &str| DataError::at(path, kind, fault);
        let malformed = |text: &str| fault(DataErrorKind::Malformed, text);
        let cut_off = || fault(DataErrorKind::Truncated, "ends inside the numpy header");

        let rest = match bytes.strip_prefix(b"\x93NUMPY") {
            Some(rest) => rest,
            None if b"\x93NUMPY".starts_with(bytes) => return Err(cut_off()),
            None => {
                return Err(fault(DataErrorKind::WrongMagic, "does not start with \\x93NUMPY, so it is no npy file"));
            }
        };
        let (&[major, _minor], rest) = rest.split_first_chunk().ok_or_else(cut_off)?;
        let (length, rest) = match major {
            1 => rest.split_first_chunk().map(|(&length, rest)| (u16::from_le_bytes(length) as usize, rest)),
            2 | 3 => rest.split_first_chunk().map(|(&length, rest)| (u32::from_le_bytes(length) as usize, rest)),
            _ => {
                let text = format!("has version {major} of the npy format, and versions 1 to 3 are read here");
                return Err(fault(DataErrorKind::Unsupported, &text));
            }
        }
        .ok_or_else(cut_off)?;
        let (header, payload) = rest.split_at_checked(length).ok_or_else(cut_off)?;
        let header =
            std::str::from_utf8(header).map_err(|error| malformed("the numpy header is no text").caused_by(error))?;
        let header = Header::parse(header)
            .ok_or_else(|| malformed("the numpy header is not {'descr': …, 'fortran_order': …, 'shape': (…)}"))?;
        if header.fortran_order {
            return Err(fault(
                DataErrorKind::Unsupported,
                "the array is stored column by column (fortran_order), not row by row",
            ));
        }

        let count = header.shape.iter().try_fold(1, |product: usize, &size| product.checked_mul(size));
        let count = count.ok_or_else(|| malformed("the shape is beyond any memory"))?;
        let numbers = match header.descr.as_str() {
            "<f4" => Numbers::Float(decode(path, payload, count, |word| f32::from_le_bytes(word).into())?),
            "<f8" => Numbers::Float(decode(path, payload, count, f64::from_le_bytes)?),
            "<i4" => Numbers::Whole(decode(path, payload, count, |word| i32::from_le_bytes(word).into())?),
            "<i8" => Numbers::Whole(decode(path, payload, count, i64::from_le_bytes)?),
            "|u1" => Numbers::Whole(decode(path, payload, count, |word: [u8; 1]| word[0].into())?),
            "|i1" => Numbers::Whole(decode(path, payload, count, |word| i8::from_le_bytes(word).into())?),
            other => {
                let text =
                    format!("holds numbers of type '{other}', and <f4, <f8, <i4, <i8, |u1 and |i1 are read here");
                return Err(fault(DataErrorKind::Unsupported, &text));
            }
        };
        Ok(Npy { shape: header.shape, numbers })
    }
}

/// Exactly `count` words of `WIDTH` bytes.
fn decode<T, const WIDTH: usize>(
    path: &Path,
    payload: &[u8],
    count: usize,
    from_bytes: impl Fn([u8; WIDTH]) -> T,
) -> Result<Vec<T>, DataError> {
    let (words, rest) = payload.as_chunks::<WIDTH>();
    if words.len() < count {
        let fault =
            format_args!("holds {} bytes of numbers, the header promises {count} of {WIDTH} bytes each", payload.len());
        return Err(DataError::at(path, DataErrorKind::Truncated, fault));
    }
    if words.len() > count || !rest.is_empty() {
        let extra = payload.len() - count * WIDTH;
        let fault = format_args!("{extra} bytes follow after the {count} numbers of the header");
        return Err(DataError::at(path, DataErrorKind::TrailingBytes, fault));
    }
    Ok(words.iter().map(|&word| from_bytes(word)).collect())
}

struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// The three entries in any order, each exactly once and no other; `None` for any other text.
    fn parse(text: &str) -> Option<Header> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let mut text = Literal(text.trim());
        text.take("{")?;
        while text.take("}").is_none() {
            let key = text.string()?;
            text.take(":")?;
            let repeated = match key {
                "descr" => descr.replace(text.string()?.to_owned()).is_some(),
                "fortran_order" => fortran_order.replace(text.boolean()?).is_some(),
                "shape" => shape.replace(text.tuple()?).is_some(),
                _ => return None,
            };
            if repeated {
                return None;
            }
            if text.take(",").is_none() {
                text.take("}")?;
                break;
            }
        }
        if !text.0.is_empty() {
            return None;
        }
        Some(Header { descr: descr?, fortran_order: fortran_order?, shape: shape? })
    }
}

/// What is left of a Python literal; each method takes one piece off the front, or gives `None`.
struct Literal<'a>(&'a str);

impl<'a> Literal<'a> {
    fn take(&mut self, piece: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(piece)?.trim_start();
        Some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        let quote = self.0.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
        let (string, rest) = self.0[1..].split_once(quote)?;
        self.0 = rest.trim_start();
        Some(string)
    }

    fn boolean(&mut self) -> Option<bool> {
        let value = self.0.starts_with("True");
        self.take(if value { "True" } else { "False" })?;
        Some(value)
    }

    fn tuple(&mut self) -> Option<Vec<usize>> {
        let mut sizes = Vec::new();
        self.take("(")?;
        while self.take(")").is_none() {
            let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = self.0.split_at(digits);
            sizes.push(number.parse().ok()?);
            self.0 = rest.trim_start();
            if self.take(",").is_none() {
                self.take(")")?;
                break;
            }
        }
        Some(sizes)
    }
}

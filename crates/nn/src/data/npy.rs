//! The numpy array file.
//!
//! The format ([NEP 1]): `\x93NUMPY`, a version, the length of the header, the header, then the numbers. The header is a Python
//! dictionary written out, `{'descr': '<f4', 'fortran_order': False, 'shape': (4000, 40), }`, and the reader below takes
//! exactly the literals that occur there: strings, `True`, `False`, and tuples of whole numbers.
//!
//! Considered and set aside: the crates `npyz` and `ndarray-npy`, which bring more code than these lines and, with zip, C.
//!
//! [NEP 1]: https://numpy.org/neps/nep-0001-npy-format.html

use std::fmt::Display;
use std::fs;
use std::path::Path;

use quadric_autodiff::shape::{MAX_BYTES, MAX_RANK};
use quadric_autodiff::tensor::Scalar;
use quadric_autodiff::{DType, Tensor};

use super::{DataError, DataErrorKind};
use crate::archive::Minifloat;
use crate::files::write_atomically;

/// Reads a numpy array: format versions 1 to 3, both byte orders, rows or columns first.
///
/// | in the file | here |
/// |---|---|
/// | `f2`, `f4` | `f32` |
/// | `f8` | `f64` |
/// | `i1`, `u1`, `i2`, `u2`, `i4`, `i8` | `i32` |
/// | `u4`, `u8` | `u32` |
/// | `b1` | `bool` |
///
/// # Errors
/// [`OutOfRange`](DataErrorKind::OutOfRange) for a whole number of 64 bits that does not fit into 32, [`Unsupported`](DataErrorKind::Unsupported) for another type, and the
/// kinds of a damaged file; the sentence names the file.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{read_npy, write_npy};
/// let path = std::env::temp_dir().join(format!("quadric-doc-{}.npy", std::process::id()));
/// write_npy(&path, &tensor![[1.0, 2.0], [3.0, 4.0]])?;
/// assert_eq!(read_npy(&path)?, tensor![[1.0, 2.0], [3.0, 4.0]]);
/// # let _ = std::fs::remove_file(path);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn read_npy(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    let path = path.as_ref();
    parse(path, &fs::read(path).map_err(|error| DataError::io(path, "read", error))?)
}

/// Writes a tensor as a numpy array: `<f4`, `<f8`, `<i4`, `<u4` or `|b1`, row by row, as a whole or not at all.
///
/// # Errors
/// [`Missing`](DataErrorKind::Missing) if the folder is not there, [`Io`](DataErrorKind::Io) for what the operating system refuses.
pub fn write_npy(path: impl AsRef<Path>, tensor: &Tensor) -> Result<(), DataError> {
    write_atomically(path, &to_bytes(tensor))
}

/// What is in the numpy file of this tensor, in version 1 of the format.
pub(super) fn to_bytes(tensor: &Tensor) -> Vec<u8> {
    fn little_endian<T: Scalar, const WIDTH: usize>(values: &[T], bytes: impl Fn(T) -> [u8; WIDTH]) -> Vec<u8> {
        values.iter().flat_map(|&value| bytes(value)).collect()
    }
    let (descr, payload) = match tensor.dtype() {
        DType::F32 => ("<f4", little_endian(tensor.as_slice(), f32::to_le_bytes)),
        DType::F64 => ("<f8", little_endian(tensor.as_slice(), f64::to_le_bytes)),
        DType::I32 => ("<i4", little_endian(tensor.as_slice(), i32::to_le_bytes)),
        DType::U32 => ("<u4", little_endian(tensor.as_slice(), u32::to_le_bytes)),
        DType::Bool => ("|b1", tensor.bytes().to_vec()),
        other => unreachable!("there is no {other}"),
    };
    let sizes: Vec<String> = tensor.shape().iter().map(|size| format!("{size},")).collect();
    let mut header =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}), }}", sizes.join(" ").as_str());
    // Ended by a line break, so that the numbers begin at a multiple of 64.
    while (10 + header.len()) % 64 != 63 {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("24 axes of 20 digits are far below 65536");
    [b"\x93NUMPY\x01\x00", &length.to_le_bytes()[..], header.as_bytes(), &payload].concat()
}

/// Reads the bytes of an array file, which is called `path` in errors.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Tensor, DataError> {
    let fault = |kind, fault: &str| DataError::at(path, kind, fault);
    let malformed = |text: &str| fault(DataErrorKind::Malformed, text);
    let cut_off =
        || fault(DataErrorKind::Truncated, &format!("ends after {} bytes, inside the numpy header", bytes.len()));

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
    let file = Numbers { path, payload, header: &header };
    let big = header.descr.starts_with('>');
    // The order of bytes says nothing of a single one, and numpy writes `|` there.
    let (order, kind) = header.descr.split_at_checked(1).unwrap_or(("", ""));
    match (order, kind) {
        ("|" | "<" | ">", "b1") => file.tensor(big, |[byte]| match byte {
            0 | 1 => Ok(byte == 1),
            _ => Err(byte),
        }),
        ("|" | "<" | ">", "i1") => file.tensor(big, |word| exact(i8::from_be_bytes(word).into())),
        ("|" | "<" | ">", "u1") => file.tensor(big, |[byte]| exact(byte.into())),
        ("<" | ">", "f2") => {
            file.tensor(big, |word| Ok::<f32, u8>(Minifloat::F16.decode(u16::from_be_bytes(word)) as f32))
        }
        ("<" | ">", "f4") => file.tensor(big, |word| Ok::<f32, u8>(f32::from_be_bytes(word))),
        ("<" | ">", "f8") => file.tensor(big, |word| Ok::<f64, u8>(f64::from_be_bytes(word))),
        ("<" | ">", "i2") => file.tensor(big, |word| exact(i16::from_be_bytes(word).into())),
        ("<" | ">", "u2") => file.tensor(big, |word| exact(u16::from_be_bytes(word).into())),
        ("<" | ">", "i4") => file.tensor(big, |word| exact(i32::from_be_bytes(word))),
        ("<" | ">", "u4") => file.tensor(big, |word| Ok::<u32, u8>(u32::from_be_bytes(word))),
        ("<" | ">", "i8") => file.tensor(big, |word| {
            let value = i64::from_be_bytes(word);
            i32::try_from(value).map_err(|_| value)
        }),
        ("<" | ">", "u8") => file.tensor(big, |word| {
            let value = u64::from_be_bytes(word);
            u32::try_from(value).map_err(|_| value)
        }),
        _ => {
            let text = format!(
                "holds numbers of type '{}', and f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 and b1 are read here",
                header.descr
            );
            Err(fault(DataErrorKind::Unsupported, &text))
        }
    }
}

/// A number that every file of its type can hold.
fn exact(value: i32) -> Result<i32, u8> {
    Ok(value)
}

/// The numbers behind a header.
struct Numbers<'a> {
    path: &'a Path,
    payload: &'a [u8],
    header: &'a Header,
}

impl Numbers<'_> {
    /// The tensor of these numbers; `number` takes big-endian bytes, and gives back the value that does not fit.
    fn tensor<T: Scalar, V: Display, const WIDTH: usize>(
        &self,
        big: bool,
        number: impl Fn([u8; WIDTH]) -> Result<T, V>,
    ) -> Result<Tensor, DataError> {
        let (path, payload, shape) = (self.path, self.payload, &self.header.shape);
        let bytes = shape.iter().try_fold(WIDTH.max(8), |bytes: usize, &size| bytes.checked_mul(size.max(1)));
        if bytes.is_none_or(|bytes| bytes > MAX_BYTES) {
            let fault = format_args!("the shape {shape:?} is beyond any memory");
            return Err(DataError::at(path, DataErrorKind::Malformed, fault));
        }
        if shape.len() > MAX_RANK {
            let fault = format_args!("the array has {} axes, {MAX_RANK} are the most", shape.len());
            return Err(DataError::at(path, DataErrorKind::Unsupported, fault));
        }
        let count: usize = shape.iter().product();
        let (words, rest) = payload.as_chunks::<WIDTH>();
        if words.len() < count {
            let have = payload.len();
            let fault =
                format_args!("holds {have} bytes of numbers, the header promises {count} of {WIDTH} bytes each");
            return Err(DataError::at(path, DataErrorKind::Truncated, fault));
        }
        if words.len() > count || !rest.is_empty() {
            let extra = payload.len() - count * WIDTH;
            let fault = format_args!("{extra} bytes follow after the {count} numbers of the header");
            return Err(DataError::at(path, DataErrorKind::TrailingBytes, fault));
        }
        let read = |(at, word): (usize, &[u8; WIDTH])| {
            let mut word = *word;
            if !big {
                word.reverse();
            }
            number(word).map_err(|value| {
                let fault = format_args!("number {at} of the file is {value}, which is no {}", T::DTYPE);
                DataError::at(path, DataErrorKind::OutOfRange, fault)
            })
        };
        let numbers: Vec<T> = words.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let numbers = if self.header.fortran_order { by_rows(&numbers, shape) } else { numbers };
        Ok(Tensor::new(&shape[..], &numbers).expect("the shape was checked against the payload and against memory"))
    }
}

/// Numbers stored with the first index running fastest, in row-major order.
fn by_rows<T: Scalar>(numbers: &[T], shape: &[usize]) -> Vec<T> {
    let mut strides = vec![1; shape.len()];
    for axis in 1..shape.len() {
        strides[axis] = strides[axis - 1] * shape[axis - 1];
    }
    let place = |mut at: usize| {
        let axes = shape.iter().zip(&strides).rev();
        axes.fold(0, |place, (&size, &stride)| {
            let index = at % size;
            at /= size;
            place + index * stride
        })
    };
    (0..numbers.len()).map(|at| numbers[place(at)]).collect()
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
            // Python 2 wrote `3L`.
            self.0 = rest.strip_prefix('L').unwrap_or(rest).trim_start();
            if self.take(",").is_none() {
                self.take(")")?;
                break;
            }
        }
        Some(sizes)
    }
}

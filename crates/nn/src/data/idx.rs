//! The IDX format, and folders of it in the layout of MNIST.
//!
//! An IDX file is a magic number (two zero bytes, the type of the numbers, how many axes), one big-endian `u32` for each axis, and the
//! big-endian numbers themselves [LeCun, Cortes & Burges].
//!
//! [LeCun, Cortes & Burges]: http://yann.lecun.com/exdb/mnist/

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use quadric_autodiff::shape::{MAX_BYTES, MAX_RANK};
use quadric_autodiff::{DType, Tensor};

use super::source::{check_folder, last_name, open, read_up_to, truncated};
use super::targets::MOST_CLASSES;
use super::{Classes, DataError, DataErrorKind, Dataset, Per, Scaling, Split};

/// Reads one IDX file, gzipped or not.
///
/// Bytes with and without sign, `i16` and `i32` become `i32`; `f32` and `f64` stay what they are.
///
/// # Errors
/// [`Missing`](DataErrorKind::Missing), [`Io`](DataErrorKind::Io), [`WrongMagic`](DataErrorKind::WrongMagic),
/// [`Truncated`](DataErrorKind::Truncated), [`TrailingBytes`](DataErrorKind::TrailingBytes), [`Malformed`](DataErrorKind::Malformed) for sizes beyond
/// any memory; the sentence names the file.
pub fn read_idx(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    let path = path.as_ref();
    let mut stream = open(path)?;
    let magic = read_up_to(path, &mut stream, 4)?;
    let &[0, 0, kind @ (0x08 | 0x09 | 0x0b..=0x0e), axes] = &magic[..] else {
        if magic.len() < 4 {
            return Err(truncated(path, "magic number", magic.len(), 4));
        }
        let hex: String = magic.iter().map(|byte| format!("{byte:02x}")).collect();
        let fault = format!("starts with {hex}, an IDX file with 0000, a type (08, 09, 0b, 0c, 0d or 0e) and the axes");
        return Err(DataError::at(path, DataErrorKind::WrongMagic, fault));
    };
    let axes = usize::from(axes);
    let header = read_up_to(path, &mut stream, 4 * axes)?;
    if header.len() < 4 * axes {
        return Err(truncated(path, "header", 4 + header.len(), 4 + 4 * axes));
    }
    let sizes: Vec<usize> = header.as_chunks().0.iter().map(|&size| u32::from_be_bytes(size) as usize).collect();
    let width = match kind {
        0x08 | 0x09 => 1,
        0x0b => 2,
        0x0e => 8,
        _ => 4,
    };
    // By the dtype that the numbers become: a byte becomes four.
    let bytes = sizes.iter().try_fold(8, |bytes: usize, &size| bytes.checked_mul(size.max(1)));
    if bytes.is_none_or(|bytes| bytes > MAX_BYTES) || axes > MAX_RANK {
        let fault = format_args!("sizes {sizes:?} are beyond any memory");
        return Err(DataError::at(path, DataErrorKind::Malformed, fault));
    }
    let promised = sizes.iter().product::<usize>() * width;
    let payload = read_up_to(path, &mut stream, promised + 1)?;
    if payload.len() < promised {
        return Err(truncated(path, "payload", payload.len(), promised));
    }
    if payload.len() > promised {
        let fault = format_args!("bytes follow after the {promised} of sizes {sizes:?}");
        return Err(DataError::at(path, DataErrorKind::TrailingBytes, fault));
    }
    fn numbers<T, const WIDTH: usize>(payload: &[u8], number: impl Fn([u8; WIDTH]) -> T) -> Vec<T> {
        payload.as_chunks().0.iter().map(|&word| number(word)).collect()
    }
    let tensor = match kind {
        0x08 => Tensor::new(sizes, &numbers(&payload, |[byte]| i32::from(byte))),
        0x09 => Tensor::new(sizes, &numbers(&payload, |word| i32::from(i8::from_be_bytes(word)))),
        0x0b => Tensor::new(sizes, &numbers(&payload, |word| i32::from(i16::from_be_bytes(word)))),
        0x0c => Tensor::new(sizes, &numbers(&payload, i32::from_be_bytes)),
        0x0d => Tensor::new(sizes, &numbers(&payload, f32::from_be_bytes)),
        _ => Tensor::new(sizes, &numbers(&payload, f64::from_be_bytes)),
    };
    Ok(tensor.expect("the sizes were checked against the payload and against memory"))
}

/// Reads a folder in the layout of MNIST: Fashion-MNIST, KMNIST, EMNIST, ….
///
/// The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k` or `test` for `train`; with `.idx3` for `-idx3`,
/// and with `.gz`, if need be (a plain file goes before a gzipped one). Names may begin with a prefix, as EMNIST's do; where a
/// folder holds several, as EMNIST's does, the one that is meant ends the path, like a file: `emnist/emnist-letters`.
///
/// Pixels, of any type that IDX has, are [standardised](Scaling) by one mean and one deviation over all pixels of the training part, as `f32`. There are as many classes
/// as the largest training label asks for. Where training labels are 1, 2, … without a gap and without 0, as in EMNIST's letters, they
/// are moved to 0, 1, …, and the classes are [named](Classes) as they were: `"1"`, `"2"`, …. (EMNIST's images are stored transposed, and stay so.)
///
/// # Errors
/// Any [`DataErrorKind`] of a file; the sentence names it.
pub fn idx(path: impl AsRef<Path>) -> Result<Split, DataError> {
    let path = path.as_ref();
    let (dir, prefix) = match path.parent() {
        Some(dir) if !path.is_dir() && dir.is_dir() => (dir, Some(last_name(path))),
        _ => (path, None),
    };
    let files = Files::find(dir, path, prefix)?;
    let train = Images::read(&files, "train")?;
    let test = Images::read(&files, "test")?;
    if train.pixels.shape()[1..] != test.pixels.shape()[1..] {
        let (train, test) = (&train.pixels.shape()[1..], &test.pixels.shape()[1..]);
        let fault = format!("training images have {train:?} pixels, test images {test:?}");
        return Err(DataError::at(dir, DataErrorKind::Mismatch, fault));
    }
    let occurring: BTreeSet<i32> = train.labels.iter().copied().collect();
    let (least, most) = (occurring.first().copied().unwrap_or(0), occurring.last().copied().unwrap_or(0));
    if least < 0 {
        let fault = format!("the training part has the label {least}, and a class is counted from 0");
        return Err(DataError::at(&train.labels_path, DataErrorKind::LabelOutOfRange, fault));
    }
    if most as usize >= MOST_CLASSES {
        let fault = format!("the training part has the label {most}, which is not in 0..{MOST_CLASSES}");
        return Err(DataError::at(&train.labels_path, DataErrorKind::LabelOutOfRange, fault));
    }
    // 1, 2, 3, … but not 1, 7: those are two of the digits.
    let from_one = least == 1 && most > 1 && occurring.len() == most as usize;
    let first = i32::from(from_one);
    let classes = most as usize + 1 - first as usize;
    let scaling = Scaling::fit(&train.pixels, Per::All)
        .map_err(|error| DataError::at(&train.images_path, error.kind(), error.to_string()))?;
    let source = last_name(path);
    let part = |images: Images, part: &str| {
        let labels = images.labels_from(first, classes)?;
        let names = if from_one { (1..=most).map(|label| label.to_string()).collect() } else { vec![] };
        let inputs = scaling.apply(&images.pixels, DType::F32)?;
        Dataset::new(format!("{source}, {part} part"), inputs, Classes::new(labels, classes).named::<String>(names))
    };
    Ok(Split { train: part(train, "training")?, test: part(test, "test")?, scaling })
}

/// The four files of one source.
struct Files {
    dir: PathBuf,
    prefix: String,
    /// By part and kind, `("train", "images")`.
    found: BTreeMap<(&'static str, &'static str), PathBuf>,
}

impl Files {
    fn find(dir: &Path, asked: &Path, prefix: Option<String>) -> Result<Files, DataError> {
        check_folder(if prefix.is_some() { dir } else { asked })?;
        let read = |error| DataError::io(dir, "read", error);
        let mut by_prefix: BTreeMap<String, BTreeMap<_, PathBuf>> = BTreeMap::new();
        let mut names = Vec::new();
        for entry in fs::read_dir(dir).map_err(read)? {
            names.push(entry.map_err(read)?.file_name().to_string_lossy().into_owned());
        }
        // Plain before gzipped; of two spellings the first in the alphabet.
        names.sort_by_key(|name| (name.ends_with(".gz"), name.clone()));
        for name in names {
            if let Some((prefix, part, kind)) = parse_name(&name) {
                by_prefix.entry(prefix.to_owned()).or_default().entry((part, kind)).or_insert_with(|| dir.join(&name));
            }
        }
        let missing = |fault: String| Err(DataError::at(dir, DataErrorKind::Missing, fault));
        let prefix = match (prefix, by_prefix.len()) {
            (Some(prefix), _) => prefix,
            (None, 0) => return missing("holds no train-images-idx3-ubyte or the like".to_owned()),
            (None, 1) => by_prefix.keys().next().expect("there is one").clone(),
            (None, _) if by_prefix.contains_key("") => String::new(),
            (None, _) => {
                let prefixes: Vec<&str> = by_prefix.keys().map(|prefix| prefix.trim_end_matches('-')).collect();
                let fault = format!("holds files of {}; say which one as {}/NAME", prefixes.join(", "), dir.display());
                return missing(fault);
            }
        };
        let found = by_prefix.remove(&prefix).or_else(|| by_prefix.remove(&format!("{prefix}-")));
        match found {
            Some(found) => Ok(Files { dir: dir.to_path_buf(), prefix, found }),
            None => {
                Err(DataError::at(asked, DataErrorKind::Missing, "no such folder, and no files whose names begin so"))
            }
        }
    }

    fn get(&self, part: &'static str, kind: &'static str) -> Result<&Path, DataError> {
        self.found.get(&(part, kind)).map(PathBuf::as_path).ok_or_else(|| {
            let axes = if kind == "images" { 3 } else { 1 };
            let dash = if self.prefix.is_empty() || self.prefix.ends_with('-') { "" } else { "-" };
            let part = if part == "test" { "t10k" } else { part };
            let name = format!("{}{dash}{part}-{kind}-idx{axes}-ubyte", self.prefix);
            DataError::at(&self.dir, DataErrorKind::Missing, format_args!("holds neither {name} nor {name}.gz"))
        })
    }
}

/// Prefix, part and kind of `PREFIX-train-images-idx3-ubyte` and its other spellings.
fn parse_name(name: &str) -> Option<(&str, &'static str, &'static str)> {
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let (stem, format) = name.rsplit_once(".idx").or_else(|| name.rsplit_once("-idx"))?;
    let (axes, dtype) = format.split_once('-')?;
    let known = ["ubyte", "byte", "short", "int", "float", "double"].contains(&dtype);
    if axes.parse::<u8>().is_err() || !known {
        return None;
    }
    let (stem, kind) = match stem.rsplit_once('-')? {
        (stem, "images") => (stem, "images"),
        (stem, "labels") => (stem, "labels"),
        _ => return None,
    };
    let parts = [("train", "train"), ("t10k", "test"), ("test", "test")];
    let part = parts.into_iter().find_map(|(word, part)| Some((stem.strip_suffix(word)?, part)));
    part.filter(|(prefix, _)| prefix.is_empty() || prefix.ends_with('-')).map(|(prefix, part)| (prefix, part, kind))
}

/// Images and labels of one part, as stored.
struct Images {
    pixels: Tensor,
    labels: Vec<i32>,
    images_path: PathBuf,
    labels_path: PathBuf,
}

impl Images {
    fn read(files: &Files, part: &'static str) -> Result<Images, DataError> {
        let (images_path, labels_path) = (files.get(part, "images")?, files.get(part, "labels")?);
        let (pixels, labels) = (read_idx(images_path)?, read_idx(labels_path)?);
        let fault = |path, kind, fault: String| Err(DataError::at(path, kind, fault));
        let [count, sides @ ..] = &pixels.shape()[..] else {
            return fault(images_path, DataErrorKind::Mismatch, "one number is no list of images".to_owned());
        };
        if labels.shape().rank() != 1 || labels.dtype() != DType::I32 {
            let what = format!("labels have one axis and a whole-number type, these are {}", labels.ty());
            return fault(labels_path, DataErrorKind::Mismatch, what);
        }
        if pixels.size() == 0 {
            let sides: Vec<String> = sides.iter().map(usize::to_string).collect();
            let what = format!("{count} images of {} pixels", sides.join("×"));
            return fault(images_path, DataErrorKind::Empty, what);
        }
        if *count != labels.size() {
            let what = format!("{count} images, but {} has {} labels", labels_path.display(), labels.size());
            return fault(images_path, DataErrorKind::Mismatch, what);
        }
        let (images_path, labels_path) = (images_path.to_path_buf(), labels_path.to_path_buf());
        Ok(Images { labels: labels.to_vec(), pixels, images_path, labels_path })
    }

    /// The labels counted from 0, where they were counted from `first`.
    fn labels_from(&self, first: i32, classes: usize) -> Result<Tensor, DataError> {
        let in_range = |label: i32| label >= first && ((label - first) as usize) < classes;
        if let Some(row) = self.labels.iter().position(|&label| !in_range(label)) {
            let from = if first == 0 { String::new() } else { format!(", counted from {first}") };
            let fault =
                format!("label {} in row {row}, but the training part has {classes} classes{from}", self.labels[row]);
            return Err(DataError::at(&self.labels_path, DataErrorKind::LabelOutOfRange, fault));
        }
        let labels: Vec<i32> = self.labels.iter().map(|label| label - first).collect();
        Ok(Tensor::from_vec(&labels))
    }
}

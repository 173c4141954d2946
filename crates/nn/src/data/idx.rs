//! Folders in the format of MNIST: four IDX files, each plain or gzipped.
//!
//! An IDX file is a magic number (two zero bytes, the type of the numbers, how many axes), one big-endian `u32` for each axis, and the
//! numbers themselves. Only bytes (type 8) occur in practice and only bytes are read. Sizes in a header are claims: nothing is
//! allocated on their word, the payload is read up to one byte past the claim, and both "too short" and "too long" are
//! errors; reading past the end is also what makes gzip check its sum. (The decoder for many members, because the one for a single
//! member leaves what follows unread, and unreported.)

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{DataError, DataErrorKind, Dataset, Scaling, Split};

/// Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte` from `dir`,
/// each as it is or with `.gz` (the plain file first).
///
/// There are as many classes as the largest training label asks for. Pixels are standardised by the training part
/// (see the [module](super)).
///
/// # Errors
/// Any [`DataErrorKind`] but `Refused`; the sentence names the file.
pub fn idx(dir: impl AsRef<Path>) -> Result<Split, DataError> {
    let dir = dir.as_ref();
    if !dir.is_dir() {
        return Err(DataError::at(dir, DataErrorKind::Missing, "no such folder"));
    }
    let train = Images::read(dir, "train")?;
    let test = Images::read(dir, "t10k")?;
    if train.shape != test.shape {
        let (train, test) = (&train.shape, &test.shape);
        let fault = format!("training images have {train:?} pixels, test images {test:?}");
        return Err(DataError::at(dir, DataErrorKind::Mismatch, fault));
    }
    let classes = 1 + train.labels.iter().copied().max().map_or(0, usize::from);
    let scaling = Scaling::of_bytes(train.pixels.iter());
    let source = dir.file_name().map_or_else(|| dir.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(Split {
        train: train.into_dataset(format!("{source}, training part"), classes, scaling)?,
        test: test.into_dataset(format!("{source}, test part"), classes, scaling)?,
        scaling,
    })
}

/// Images and labels of one part, as stored.
struct Images {
    pixels: Vec<u8>,
    labels: Vec<u8>,
    shape: Vec<usize>,
    labels_path: PathBuf,
}

impl Images {
    fn read(dir: &Path, stem: &str) -> Result<Images, DataError> {
        let images = find(dir, &format!("{stem}-images-idx3-ubyte"))?;
        let labels_path = find(dir, &format!("{stem}-labels-idx1-ubyte"))?;
        let (image_sizes, pixels) = read_idx::<3>(&images)?;
        let ([label_count], labels) = read_idx::<1>(&labels_path)?;
        let [count, height, width] = image_sizes;
        if count == 0 || height * width == 0 {
            return Err(DataError::at(
                &images,
                DataErrorKind::Empty,
                format_args!("{count} images of {height}×{width} pixels"),
            ));
        }
        if count != label_count {
            let fault = format_args!("{count} images, but {} has {label_count} labels", labels_path.display());
            return Err(DataError::at(&images, DataErrorKind::Mismatch, fault));
        }
        Ok(Images { pixels, labels, shape: vec![height, width], labels_path })
    }

    fn into_dataset(self, name: String, classes: usize, scaling: Scaling) -> Result<Dataset, DataError> {
        if let Some(row) = self.labels.iter().position(|&label| usize::from(label) >= classes) {
            let fault =
                format_args!("label {} in row {row}, but the training part has {classes} classes", self.labels[row]);
            return Err(DataError::at(&self.labels_path, DataErrorKind::LabelOutOfRange, fault));
        }
        let inputs = self.pixels.iter().map(|&pixel| scaling.apply(pixel)).collect();
        let labels = self.labels.into_iter().map(u32::from).collect();
        Dataset::new(name, inputs, labels, &self.shape, classes)
    }
}

/// `dir/name`, or else `dir/name.gz`.
fn find(dir: &Path, name: &str) -> Result<PathBuf, DataError> {
    let plain = dir.join(name);
    let gzipped = dir.join(format!("{name}.gz"));
    [plain, gzipped]
        .into_iter()
        .find(|path| path.exists())
        .ok_or_else(|| DataError::at(dir, DataErrorKind::Missing, format_args!("holds neither {name} nor {name}.gz")))
}

/// The sizes and the bytes of an IDX file of `AXES` axes.
fn read_idx<const AXES: usize>(path: &Path) -> Result<([usize; AXES], Vec<u8>), DataError> {
    let file = BufReader::new(File::open(path).map_err(|error| DataError::io(path, "read", error))?);
    let mut stream: Box<dyn Read> = match path.extension() {
        Some(extension) if extension == "gz" => Box::new(MultiGzDecoder::new(file)),
        _ => Box::new(file),
    };

    let magic = read_up_to(path, &mut stream, 4)?;
    if magic.len() < 4 {
        return Err(truncated(path, "magic number", magic.len(), 4));
    }
    let expected = [0, 0, 8, AXES as u8];
    if magic != expected {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let fault =
            format_args!("starts with {}, an IDX file of bytes with {AXES} axes with {}", hex(&magic), hex(&expected));
        return Err(DataError::at(path, DataErrorKind::WrongMagic, fault));
    }
    let header = read_up_to(path, &mut stream, 4 * AXES)?;
    if header.len() < 4 * AXES {
        return Err(truncated(path, "header", 4 + header.len(), 4 + 4 * AXES));
    }
    let mut sizes = [0; AXES];
    for (size, bytes) in sizes.iter_mut().zip(header.chunks_exact(4)) {
        *size = bytes.iter().fold(0, |size, &byte| size << 8 | usize::from(byte));
    }
    let promised =
        sizes.iter().try_fold(1, |product: usize, &size| product.checked_mul(size)).filter(|&n| n < usize::MAX);
    let Some(promised) = promised else {
        return Err(DataError::at(
            path,
            DataErrorKind::Malformed,
            format_args!("sizes {sizes:?} are beyond any memory"),
        ));
    };
    let bytes = read_up_to(path, &mut stream, promised + 1)?;
    if bytes.len() < promised {
        return Err(truncated(path, "payload", bytes.len(), promised));
    }
    if bytes.len() > promised {
        let fault = format_args!("bytes follow after the {promised} of sizes {sizes:?}");
        return Err(DataError::at(path, DataErrorKind::TrailingBytes, fault));
    }
    Ok((sizes, bytes))
}

/// At most `limit` bytes, fewer only at the end of the stream.
fn read_up_to(path: &Path, stream: &mut dyn Read, limit: usize) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    match stream.take(limit as u64).read_to_end(&mut bytes) {
        Ok(_) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(DataError::at(path, DataErrorKind::Truncated, "the gzip stream ends early").caused_by(error))
        }
        // What flate2 says of a stream that is not gzip, or whose checksum is wrong.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData) => {
            Err(DataError::at(path, DataErrorKind::Malformed, format_args!("not a sound gzip stream: {error}"))
                .caused_by(error))
        }
        Err(error) => Err(DataError::io(path, "read", error)),
    }
}

fn truncated(path: &Path, part: &str, have: usize, want: usize) -> DataError {
    DataError::at(path, DataErrorKind::Truncated, format_args!("the {part} ends after {have} of {want} bytes"))
}

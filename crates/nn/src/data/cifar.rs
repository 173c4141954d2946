//! CIFAR-10 and CIFAR-100 in their binary version: records of labels and 3072 bytes [Krizhevsky 2009].
//!
//! A record is one label (CIFAR-10) or two, coarse and fine (CIFAR-100), then 32×32 bytes of red, of green, of blue.
//!
//! [Krizhevsky 2009]: https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf

use std::fs;
use std::path::{Path, PathBuf};

use quadric_autodiff::{DType, Tensor};

use super::source::{check_folder, last_name, read_all};
use super::{Classes, DataError, DataErrorKind, Dataset, Per, Scaling, Split};

const PIXELS: usize = 3 * 32 * 32;

/// Which of the two labels of CIFAR-100 is the class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cifar100Labels {
    /// The 20 superclasses.
    Coarse,
    /// The 100 classes.
    Fine,
}

/// Reads CIFAR-10 from the folder that holds `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, each as it is or with `.gz`.
///
/// Inputs `f32[N, 3, 32, 32]`, standardised channel by channel by the training part; 10 classes, with names if `batches.meta.txt` is there.
///
/// # Errors
/// Any [`DataErrorKind`] of a file; the sentence names it.
pub fn cifar10(dir: impl AsRef<Path>) -> Result<Split, DataError> {
    let train: Vec<String> = (1..=5).map(|batch| format!("data_batch_{batch}.bin")).collect();
    let layout = Layout { labels: 1, label: 0, classes: 10, names: "batches.meta.txt" };
    layout.read(dir.as_ref(), &train, "test_batch.bin")
}

/// Reads CIFAR-100 from the folder that holds `train.bin` and `test.bin`, each as it is or with `.gz`.
///
/// Inputs as of [`cifar10`]; 100 or 20 classes, with names if `fine_label_names.txt` or `coarse_label_names.txt` is there.
///
/// # Errors
/// Any [`DataErrorKind`] of a file; the sentence names it.
pub fn cifar100(dir: impl AsRef<Path>, labels: Cifar100Labels) -> Result<Split, DataError> {
    let layout = match labels {
        Cifar100Labels::Coarse => Layout { labels: 2, label: 0, classes: 20, names: "coarse_label_names.txt" },
        Cifar100Labels::Fine => Layout { labels: 2, label: 1, classes: 100, names: "fine_label_names.txt" },
    };
    layout.read(dir.as_ref(), &["train.bin".to_owned()], "test.bin")
}

/// How a record looks.
struct Layout {
    labels: usize,
    label: usize,
    classes: usize,
    names: &'static str,
}

impl Layout {
    fn read(&self, dir: &Path, train: &[String], test: &str) -> Result<Split, DataError> {
        check_folder(dir)?;
        let names = self.class_names(&dir.join(self.names))?;
        let (train, train_labels) = self.part(dir, train)?;
        let (test, test_labels) = self.part(dir, &[test.to_owned()])?;
        let shape = |labels: &[i32]| [labels.len(), 3, 32, 32];
        let scaling = Scaling::fit_bytes(&train, &shape(&train_labels), Per::Channel)?;
        let part = |part: &str, pixels: &[u8], labels: &[i32]| {
            let classes = Classes::new(Tensor::from_vec(labels), self.classes).named(names.clone());
            let inputs = scaling.apply_bytes(pixels, &shape(labels), DType::F32)?;
            Dataset::new(format!("{}, {part} part", last_name(dir)), inputs, classes)
        };
        let (train, test) = (part("training", &train, &train_labels)?, part("test", &test, &test_labels)?);
        Ok(Split { train, test, scaling })
    }

    /// The bytes of the pixels `[N, 3, 32, 32]` and the labels of some files, one after the other.
    fn part(&self, dir: &Path, files: &[String]) -> Result<(Vec<u8>, Vec<i32>), DataError> {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        let record = self.labels + PIXELS;
        for name in files {
            let path = find(dir, name)?;
            let bytes = read_all(&path)?;
            if bytes.is_empty() {
                return Err(DataError::at(&path, DataErrorKind::Empty, "holds no images"));
            }
            let rest = bytes.len() % record;
            if rest != 0 {
                let whole = bytes.len() / record;
                let fault = format_args!("the record at byte {} ends after {rest} of {record} bytes", whole * record);
                return Err(DataError::at(&path, DataErrorKind::Truncated, fault));
            }
            for (row, record) in bytes.chunks_exact(record).enumerate() {
                let label = record[self.label];
                if usize::from(label) >= self.classes {
                    let fault = format_args!("label {label} in row {row}, but there are {} classes", self.classes);
                    return Err(DataError::at(&path, DataErrorKind::LabelOutOfRange, fault));
                }
                labels.push(i32::from(label));
                pixels.extend_from_slice(&record[self.labels..]);
            }
        }
        Ok((pixels, labels))
    }

    /// One name a line; none if there is no such file.
    fn class_names(&self, path: &Path) -> Result<Vec<String>, DataError> {
        if !path.exists() {
            return Ok(vec![]);
        }
        let text = fs::read_to_string(path).map_err(|error| DataError::io(path, "read", error))?;
        let names: Vec<String> = text.lines().map(str::trim).filter(|name| !name.is_empty()).map(Into::into).collect();
        if names.len() != self.classes {
            let fault = format_args!("holds {} names, there are {} classes", names.len(), self.classes);
            return Err(DataError::at(path, DataErrorKind::Mismatch, fault));
        }
        Ok(names)
    }
}

/// `dir/name`, or else `dir/name.gz`.
fn find(dir: &Path, name: &str) -> Result<PathBuf, DataError> {
    let candidates = [dir.join(name), dir.join(format!("{name}.gz"))];
    candidates
        .into_iter()
        .find(|path| path.exists())
        .ok_or_else(|| DataError::at(dir, DataErrorKind::Missing, format_args!("holds neither {name} nor {name}.gz")))
}

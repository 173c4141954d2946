//! MNIST-1D: 10 classes of signals with 40 samples, as four numpy files in a folder.
//!
//! A stand-in for MNIST that small machines can learn and that linear models cannot [Greydanus & Kobak 2020]. The signals
//! are of order one already and go in as they are stored ([`Scaling::NONE`]).
//!
//! [Greydanus & Kobak 2020]: https://arxiv.org/abs/2011.14439

use std::path::Path;

use super::npy::{Npy, Numbers};
use super::{DataError, DataErrorKind, Dataset, Scaling, Split};

/// Reads `x.npy`, `y.npy`, `x_test.npy` and `y_test.npy` from `dir`: inputs `[n, features]` in `f4` or `f8`, labels `[n]`
/// in a whole-number type.
///
/// There are as many classes as the largest training label asks for. Any data in this layout will do.
///
/// # Errors
/// Any [`DataErrorKind`] but `Refused`; the sentence names the file.
pub fn mnist1d(dir: impl AsRef<Path>) -> Result<Split, DataError> {
    let dir = dir.as_ref();
    if !dir.is_dir() {
        return Err(DataError::at(dir, DataErrorKind::Missing, "no such folder"));
    }
    let (x, features) = inputs(&dir.join("x.npy"))?;
    let (x_test, test_features) = inputs(&dir.join("x_test.npy"))?;
    if features != test_features {
        let fault = format_args!("{test_features} features in a row, but x.npy has {features}");
        return Err(DataError::at(&dir.join("x_test.npy"), DataErrorKind::Mismatch, fault));
    }
    let y = labels(&dir.join("y.npy"), x.len() / features, None)?;
    let classes = 1 + y.iter().copied().max().unwrap_or(0) as usize;
    let y_test = labels(&dir.join("y_test.npy"), x_test.len() / features, Some(classes))?;
    Ok(Split {
        train: Dataset::new("mnist1d, training part", x, y, &[features], classes)?,
        test: Dataset::new("mnist1d, test part", x_test, y_test, &[features], classes)?,
        scaling: Scaling::NONE,
    })
}

/// The inputs of one file and the number of features in a row.
fn inputs(path: &Path) -> Result<(Vec<f32>, usize), DataError> {
    let npy = Npy::read(path)?;
    let [rows, features] = npy.shape[..] else {
        let fault = format_args!("inputs need two axes (examples, features), the shape is {:?}", npy.shape);
        return Err(DataError::at(path, DataErrorKind::Mismatch, fault));
    };
    if rows == 0 || features == 0 {
        return Err(DataError::at(path, DataErrorKind::Empty, format_args!("{rows} examples of {features} features")));
    }
    let Numbers::Float(values) = npy.numbers else {
        return Err(DataError::at(
            path,
            DataErrorKind::Unsupported,
            "inputs are whole numbers, and f4 or f8 is read here",
        ));
    };
    // The check is on the f32: an f8 beyond its range would turn into infinity on the way.
    let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let fault = format_args!("row {}, column {} is {} as f32", at / features, at % features, values[at]);
        return Err(DataError::at(path, DataErrorKind::NotFinite, fault));
    }
    Ok((values, features))
}

/// The labels of one file: as many as there are inputs, none negative, and below `classes` where that is settled.
fn labels(path: &Path, count: usize, classes: Option<usize>) -> Result<Vec<u32>, DataError> {
    // No data set of ours has more, and a stray pixel value read as a label should not make a layer of two billion units.
    const MOST_CLASSES: i64 = 1 << 16;
    let npy = Npy::read(path)?;
    if npy.shape[..] != [count] {
        let fault = format_args!("labels have shape {:?}, but there are {count} rows of inputs", npy.shape);
        return Err(DataError::at(path, DataErrorKind::Mismatch, fault));
    }
    let Numbers::Whole(values) = npy.numbers else {
        return Err(DataError::at(
            path,
            DataErrorKind::Unsupported,
            "labels are floating-point numbers, not whole ones",
        ));
    };
    let limit = classes.map_or(MOST_CLASSES, |classes| classes as i64);
    if let Some(row) = values.iter().position(|label| !(0..limit).contains(label)) {
        let fault = format_args!("label {} in row {row} is not in 0..{limit}", values[row]);
        return Err(DataError::at(path, DataErrorKind::LabelOutOfRange, fault));
    }
    Ok(values.into_iter().map(|label| label as u32).collect())
}

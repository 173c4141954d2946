//! MNIST-1D: 10 classes of signals with 40 samples, as four numpy files in a folder.
//!
//! A stand-in for MNIST that small machines can learn and that linear models cannot [Greydanus & Kobak 2020]. The signals
//! are of order one already and go in as they are stored ([`Scaling::none`]).
//!
//! [Greydanus & Kobak 2020]: https://arxiv.org/abs/2011.14439

use std::path::Path;

use quadric_autodiff::{DType, Tensor};

use super::dataset::place;
use super::rows::first_not_finite;
use super::source::check_folder;
use super::targets::MOST_CLASSES;
use super::{Classes, DataError, DataErrorKind, Dataset, Scaling, Split, read_npy};

/// Reads `x.npy`, `y.npy`, `x_test.npy` and `y_test.npy` from `dir`: inputs `[n, features]` in a float type, which become `f32`, labels `[n]`
/// in a whole-number type.
///
/// There are as many classes as the largest training label asks for. Any data in this layout will do.
///
/// # Errors
/// Any [`DataErrorKind`] of a file; the sentence names it.
pub fn mnist1d(dir: impl AsRef<Path>) -> Result<Split, DataError> {
    let dir = dir.as_ref();
    check_folder(dir)?;
    let x = inputs(&dir.join("x.npy"))?;
    let x_test = inputs(&dir.join("x_test.npy"))?;
    let (features, test_features) = (x.shape()[1], x_test.shape()[1]);
    if features != test_features {
        let fault = format_args!("{test_features} features in a row, but x.npy has {features}");
        return Err(DataError::at(&dir.join("x_test.npy"), DataErrorKind::Mismatch, fault));
    }
    let y = labels(&dir.join("y.npy"), x.shape()[0], None)?;
    let classes = 1 + y.iter().copied().max().unwrap_or(0) as usize;
    let y_test = labels(&dir.join("y_test.npy"), x_test.shape()[0], Some(classes))?;
    let labelled = |y: &[i32]| Classes::new(Tensor::from_vec(y), classes);
    Ok(Split {
        train: Dataset::new("mnist1d, training part", x, labelled(&y))?,
        test: Dataset::new("mnist1d, test part", x_test, labelled(&y_test))?,
        scaling: Scaling::none(),
    })
}

/// The inputs of one file, `f32[examples, features]`.
fn inputs(path: &Path) -> Result<Tensor, DataError> {
    let x = read_npy(path)?;
    let [rows, features] = x.shape()[..] else {
        let fault = format_args!("inputs need two axes (examples, features), the shape is {:?}", x.shape());
        return Err(DataError::at(path, DataErrorKind::Mismatch, fault));
    };
    if rows == 0 || features == 0 {
        return Err(DataError::at(path, DataErrorKind::Empty, format_args!("{rows} examples of {features} features")));
    }
    if !x.dtype().is_float() {
        let fault = "inputs are whole numbers, and floats are needed here";
        return Err(DataError::at(path, DataErrorKind::Unsupported, fault));
    }
    // The check is on the f32: an f64 beyond its range turns into infinity on the way.
    let x = x.to_dtype(DType::F32);
    if let Some((at, value)) = first_not_finite(&x) {
        let fault = format_args!("{} is {value} as f32", place(&x, at));
        return Err(DataError::at(path, DataErrorKind::NotFinite, fault));
    }
    Ok(x)
}

/// The labels of one file: as many as there are inputs, none negative, and below `classes` where that is settled.
fn labels(path: &Path, count: usize, classes: Option<usize>) -> Result<Vec<i32>, DataError> {
    let y = read_npy(path)?;
    if y.shape()[..] != [count] {
        let fault = format_args!("labels have shape {:?}, but there are {count} rows of inputs", y.shape());
        return Err(DataError::at(path, DataErrorKind::Mismatch, fault));
    }
    if !matches!(y.dtype(), DType::I32 | DType::U32) {
        let fault = format_args!("labels are {}, not whole numbers", y.dtype());
        return Err(DataError::at(path, DataErrorKind::Unsupported, fault));
    }
    let limit = classes.unwrap_or(MOST_CLASSES);
    let labels = y.to_f64_vec();
    if let Some(row) = labels.iter().position(|label| !(0.0..limit as f64).contains(label)) {
        let fault = format_args!("label {} in row {row} is not in 0..{limit}", labels[row]);
        return Err(DataError::at(path, DataErrorKind::LabelOutOfRange, fault));
    }
    Ok(labels.into_iter().map(|label| label as i32).collect())
}

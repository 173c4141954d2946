//! Data sets for classification: where they come from, and in which order they are read.
//!
//! A [`Dataset`] is plain numbers, inputs row by row and one label each; a [`Split`] is the two of them that an experiment
//! needs. Nothing here knows tensors, so the same data feed any engine. The sources, a file each:
//!
//! - [`digits`]: 8×8 handwritten digits, embedded in the program, so that the main job needs no download;
//! - [`idx`]: a folder in the format of MNIST (and Fashion-MNIST, EMNIST, …), gzipped or not;
//! - [`mnist1d`]: a folder of numpy arrays.
//!
//! Pixels are **standardised by one mean and one deviation over all pixels of the training part** ([`Scaling`]). Inputs that
//! are all positive give the Hessian one large eigenvalue that says nothing of the problem [LeCun et al. 1998, §4.3], and
//! in a program about curvature that eigenvalue would head every report. One mean for all pixels rather than one each, because some
//! pixels at the border are constant, and others are lit in one training image of a thousand and would be blown up.
//! The statistics are ratios of sums of whole numbers, so they are the same bits everywhere.
//!
//! Randomness is ChaCha8 keyed by the caller's seed, and the shuffle is written out in `shuffle.rs`:
//! a seed means the same order whatever becomes of our dependencies.
//!
//! [LeCun et al. 1998, §4.3]: https://doi.org/10.1007/3-540-49430-8_2

mod batches;
mod digits;
mod error;
mod idx;
mod mnist1d;
mod npy;
mod shuffle;

pub use batches::{batches, full_batches};
pub use digits::{DIGITS_SPLIT_SEED, digits};
pub use error::{DataError, DataErrorKind};
pub use idx::idx;
pub use mnist1d::mnist1d;

/// Labelled examples: `inputs` holds `labels.len()` rows of `features` numbers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// What to call it in a report, such as `digits, training part`.
    pub name: String,
    /// Row-major `[len, features]`; every number is finite.
    pub inputs: Vec<f32>,
    /// One class for each row, below `classes`.
    pub labels: Vec<u32>,
    /// How many numbers one example has: the product of `example_shape`.
    pub features: usize,
    /// The shape of one example: `[8, 8]` for the digits, `[40]` for a signal.
    pub example_shape: Vec<usize>,
    /// How many classes there are, whether or not each occurs in this part.
    pub classes: usize,
}

/// The training part and the test part of one source, scaled alike.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Split {
    /// What is trained on.
    pub train: Dataset,
    /// What is only measured.
    pub test: Dataset,
    /// How stored numbers became inputs; the statistics are those of the training part.
    pub scaling: Scaling,
}

/// The affine map from stored numbers `p` to inputs `x = (p − mean) / deviation`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// The mean of all stored numbers of the training part; 0 when nothing was scaled.
    pub mean: f64,
    /// Their standard deviation (divisor n); 1 when nothing was scaled, or when all of them are equal.
    pub deviation: f64,
}

impl Dataset {
    /// Puts a data set together and checks all that the fields promise.
    ///
    /// # Errors
    /// [`DataErrorKind::Empty`] without examples or features, [`DataErrorKind::Mismatch`] if the counts disagree,
    /// [`DataErrorKind::LabelOutOfRange`] and [`DataErrorKind::NotFinite`] with the row of the first offender.
    ///
    /// # Example
    /// ```
    /// # use quadric_nn::data::Dataset;
    /// let xor = Dataset::new("xor", vec![0., 0., 0., 1., 1., 0., 1., 1.], vec![0, 1, 1, 0], &[2], 2)?;
    /// assert_eq!((xor.len(), xor.features), (4, 2));
    /// assert_eq!(xor.gather(&[3, 1]), (vec![1., 1., 0., 1.], vec![0, 1]));
    /// # Ok::<(), quadric_nn::data::DataError>(())
    /// ```
    pub fn new(
        name: impl Into<String>,
        inputs: Vec<f32>,
        labels: Vec<u32>,
        example_shape: &[usize],
        classes: usize,
    ) -> Result<Dataset, DataError> {
        let name = name.into();
        let features: usize = example_shape.iter().product();
        let fault = |kind, fault: String| Err(DataError::new(kind, format!("{name}: {fault}")));
        if labels.is_empty() || features == 0 {
            return fault(DataErrorKind::Empty, format!("{} examples of {features} features", labels.len()));
        }
        if inputs.len() != labels.len() * features {
            let (have, rows) = (inputs.len(), labels.len());
            return fault(DataErrorKind::Mismatch, format!("{have} inputs are not {rows} rows of {features} features"));
        }
        if let Some(row) = labels.iter().position(|&label| label as usize >= classes) {
            let label = labels[row];
            return fault(
                DataErrorKind::LabelOutOfRange,
                format!("label {label} in row {row}, but there are {classes} classes"),
            );
        }
        if let Some(at) = inputs.iter().position(|x| !x.is_finite()) {
            let (value, row) = (inputs[at], at / features);
            return fault(
                DataErrorKind::NotFinite,
                format!("the input in row {row}, column {} is {value}", at % features),
            );
        }
        Ok(Dataset { name, inputs, labels, features, example_shape: example_shape.to_vec(), classes })
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no example; [`Dataset::new`] lets no such set through.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The inputs of example `row`.
    ///
    /// # Panics
    /// If `row` is not below [`len`](Dataset::len).
    pub fn example(&self, row: usize) -> &[f32] {
        &self.inputs[row * self.features..][..self.features]
    }

    /// Copies the examples `rows`, in that order: inputs `[rows.len(), features]` and labels as the `i32` of the engine.
    ///
    /// # Panics
    /// If a row is not below [`len`](Dataset::len).
    pub fn gather(&self, rows: &[usize]) -> (Vec<f32>, Vec<i32>) {
        let inputs = rows.iter().flat_map(|&row| self.example(row)).copied().collect();
        // Labels come from bytes or are checked against `classes`, which no reader lets grow beyond i32.
        let labels = rows.iter().map(|&row| self.labels[row] as i32).collect();
        (inputs, labels)
    }

    /// Copies the examples `rows` into a data set of the same classes.
    ///
    /// # Panics
    /// If a row is not below [`len`](Dataset::len).
    pub fn subset(&self, name: impl Into<String>, rows: &[usize]) -> Dataset {
        Dataset {
            name: name.into(),
            inputs: rows.iter().flat_map(|&row| self.example(row)).copied().collect(),
            labels: rows.iter().map(|&row| self.labels[row]).collect(),
            features: self.features,
            example_shape: self.example_shape.clone(),
            classes: self.classes,
        }
    }
}

impl Scaling {
    /// Nothing is scaled: `x = p`.
    pub const NONE: Scaling = Scaling { mean: 0.0, deviation: 1.0 };

    /// The mean and deviation of bytes, from exact sums: the same bits on every machine.
    fn of_bytes<'a>(bytes: impl Iterator<Item = &'a u8>) -> Scaling {
        let (mut n, mut sum, mut squares) = (0u64, 0u64, 0u64);
        for &byte in bytes {
            let byte = u64::from(byte);
            (n, sum, squares) = (n + 1, sum + byte, squares + byte * byte);
        }
        // n² σ² = n Σp² − (Σp)², a whole number: no cancellation. u128 because n Σp² passes 2⁶⁴ from 530 million pixels on.
        let n_squared_variance = u128::from(n) * u128::from(squares) - u128::from(sum) * u128::from(sum);
        let n = n.max(1) as f64;
        let deviation = (n_squared_variance as f64).sqrt() / n;
        Scaling { mean: sum as f64 / n, deviation: if deviation > 0.0 { deviation } else { 1.0 } }
    }

    fn apply(self, byte: u8) -> f32 {
        ((f64::from(byte) - self.mean) / self.deviation) as f32
    }
}

#[cfg(test)]
mod tests;

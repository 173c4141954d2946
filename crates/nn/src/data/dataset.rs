//! Examples in memory.

use std::collections::BTreeSet;

use quadric_autodiff::{DType, Tensor};

use super::rows::{first_not_finite, floats_to, row_shape, row_size, take};
use super::{Batch, DataError, DataErrorKind, Examples, Scaling, Targets};

/// Examples: arrays whose first axis counts them.
///
/// Inputs are of any dtype and shape (`f32[N, C, H, W]`, `i32[N, T]`), targets are [classes, numbers or absent](Targets), and each example may
/// have a weight and a mask. Cloning shares the arrays.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Dataset {
    /// What to call it in a report, such as `digits, training part`.
    pub name: String,
    /// `[N, …]`.
    pub inputs: Tensor,
    /// `[N, …]`, or absent.
    pub targets: Targets,
    /// `[N]`, floats, if the examples do not all count the same.
    pub weights: Option<Tensor>,
    /// `bool[N, …]`, if there are places that do not count, such as the padding of sequences.
    pub mask: Option<Tensor>,
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

impl Dataset {
    /// Puts a data set together and checks all that the fields promise; every float is finite.
    ///
    /// # Errors
    /// [`DataErrorKind::Empty`] without examples or features, [`DataErrorKind::Mismatch`] if the counts or dtypes disagree or two classes
    /// have one name,
    /// [`DataErrorKind::LabelOutOfRange`] and [`DataErrorKind::NotFinite`] with the row of the first offender.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::tensor;
    /// use quadric_nn::data::{Classes, Dataset};
    /// let xor = Dataset::new("xor", tensor![[0., 0.], [0., 1.], [1., 0.], [1., 1.]], Classes::new(tensor![0, 1, 1, 0], 2))?;
    /// assert_eq!((xor.len(), xor.features(), xor.classes()), (4, 2, Some(2)));
    /// assert_eq!(xor.batch(&[3, 1])?.pair()?, (tensor![[1., 1.], [0., 1.]], tensor![0, 1]));
    /// let error = xor.batch(&[4]).unwrap_err().to_string();
    /// assert_eq!(error, "xor: row 4 was asked for, but there are 4 examples");
    /// # Ok::<(), quadric_nn::data::DataError>(())
    /// ```
    pub fn new(name: impl Into<String>, inputs: Tensor, targets: impl Into<Targets>) -> Result<Dataset, DataError> {
        let set = Dataset::with_missing(name, inputs, targets)?;
        set.check_finite("input", &set.inputs)?;
        if let Targets::Numbers(numbers) = &set.targets {
            set.check_finite("target", numbers)?;
        }
        Ok(set)
    }

    /// As [`new`](Dataset::new), where inputs and target numbers may be NaN or infinite: what is missing is then the model's affair.
    ///
    /// # Errors
    /// Those of [`new`](Dataset::new) but `NotFinite`.
    pub fn with_missing(
        name: impl Into<String>,
        inputs: Tensor,
        targets: impl Into<Targets>,
    ) -> Result<Dataset, DataError> {
        let set = Dataset { name: name.into(), inputs, targets: targets.into(), weights: None, mask: None };
        if set.inputs.shape().rank() == 0 {
            return set.fault(DataErrorKind::Mismatch, "the inputs are a scalar and have no axis of examples");
        }
        if set.is_empty() || set.features() == 0 {
            let fault = format!("{} examples of {} features", set.len(), set.features());
            return set.fault(DataErrorKind::Empty, fault);
        }
        if let Some(targets) = set.targets.tensor() {
            set.check_rows("targets", targets)?;
        }
        set.check_labels()?;
        Ok(set)
    }

    /// With a weight for each example, such as how often it was seen.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if they are no floats `[N]`, [`DataErrorKind::NotFinite`] if one is NaN or infinite.
    pub fn with_weights(self, weights: Tensor) -> Result<Dataset, DataError> {
        if !weights.dtype().is_float() || weights.shape()[..] != [self.len()] {
            let fault =
                format!("the weights are {}, a float for each of {} examples is needed", weights.ty(), self.len());
            return self.fault(DataErrorKind::Mismatch, fault);
        }
        self.check_finite("weight", &weights)?;
        Ok(Dataset { weights: Some(weights), ..self })
    }

    /// With a mask: `true` where a place counts.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if it is no `bool[N, …]`.
    pub fn with_mask(self, mask: Tensor) -> Result<Dataset, DataError> {
        self.check_rows("mask", &mask)?;
        if mask.dtype() != DType::Bool {
            return self.fault(DataErrorKind::Mismatch, format!("the mask is {}, bools are needed", mask.ty()));
        }
        Ok(Dataset { mask: Some(mask), ..self })
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.inputs.shape().first().copied().unwrap_or(0)
    }

    /// Whether there is no example; [`Dataset::new`] lets no such set through.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The shape of one example: `[8, 8]` for the digits, `[40]` for a signal.
    pub fn example_shape(&self) -> &[usize] {
        row_shape(&self.inputs)
    }

    /// How many numbers one example has: the product of [`example_shape`](Dataset::example_shape).
    pub fn features(&self) -> usize {
        row_size(&self.inputs)
    }

    /// How many classes there are, if the targets are classes.
    pub fn classes(&self) -> Option<usize> {
        match &self.targets {
            Targets::Classes(classes) => Some(classes.count),
            _ => None,
        }
    }

    /// Copies the examples `rows`, in that order; a row may occur twice.
    ///
    /// # Errors
    /// [`DataErrorKind::OutOfRange`] for a row that does not exist.
    pub fn batch(&self, rows: &[usize]) -> Result<Batch, DataError> {
        self.check_exist(rows)?;
        let taken = |tensor: &Tensor| take(tensor, rows);
        Ok(Batch {
            inputs: taken(&self.inputs),
            targets: self.targets.tensor().map(taken),
            weights: self.weights.as_ref().map(taken),
            mask: self.mask.as_ref().map(taken),
        })
    }

    /// All examples as one batch; nothing is copied.
    pub fn all(&self) -> Batch {
        Batch {
            inputs: self.inputs.clone(),
            targets: self.targets.tensor().cloned(),
            weights: self.weights.clone(),
            mask: self.mask.clone(),
        }
    }

    /// Copies the examples `rows`, in that order, into a data set of the same classes.
    ///
    /// # Errors
    /// [`DataErrorKind::OutOfRange`] for a row that does not exist, [`DataErrorKind::Empty`] for no rows.
    pub fn subset(&self, name: impl Into<String>, rows: &[usize]) -> Result<Dataset, DataError> {
        self.check_exist(rows)?;
        let name = name.into();
        if rows.is_empty() {
            return Err(DataError::new(DataErrorKind::Empty, format!("{name}: no rows of {}", self.name)));
        }
        let taken = |tensor: &Tensor| take(tensor, rows);
        Ok(Dataset {
            name,
            inputs: taken(&self.inputs),
            targets: self.targets.with(taken),
            weights: self.weights.as_ref().map(taken),
            mask: self.mask.as_ref().map(taken),
        })
    }

    /// Float inputs, target numbers and weights in this dtype; what is no float stays what it is.
    ///
    /// # Panics
    /// If `dtype` is no float.
    #[must_use]
    pub fn to_dtype(&self, dtype: DType) -> Dataset {
        Dataset {
            name: self.name.clone(),
            inputs: floats_to(&self.inputs, dtype),
            targets: self.targets.to_dtype(dtype),
            weights: self.weights.as_ref().map(|weights| weights.to_dtype(dtype)),
            mask: self.mask.clone(),
        }
    }

    /// Each example in another shape of the same size: `[1, 28, 28]` for a convolution. Shares the storage.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the sizes differ.
    pub fn reshaped(&self, example_shape: &[usize]) -> Result<Dataset, DataError> {
        let size = example_shape.iter().try_fold(1, |size: usize, &axis| size.checked_mul(axis));
        if size != Some(self.features()) {
            let fault = format!("examples of shape {:?} cannot be {example_shape:?}", self.example_shape());
            return self.fault(DataErrorKind::Mismatch, fault);
        }
        let inputs = self.inputs.reshaped([&[self.len()], example_shape].concat());
        Ok(Dataset { inputs, ..self.clone() })
    }

    /// Each example as one vector: what a dense layer takes. Shares the storage.
    #[must_use]
    pub fn flattened(&self) -> Dataset {
        Dataset { inputs: self.inputs.reshaped([self.len(), self.features()]), ..self.clone() }
    }

    /// With scaled inputs, in the float type `dtype`.
    ///
    /// # Errors
    /// Those of [`Scaling::apply`].
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn scaled(&self, scaling: &Scaling, dtype: DType) -> Result<Dataset, DataError> {
        let inputs = scaling.apply(&self.inputs, dtype);
        let inputs = inputs.map_err(|error| DataError::new(error.kind(), format!("{}: {error}", self.name)))?;
        Ok(Dataset { inputs, ..self.clone() })
    }

    fn fault<T>(&self, kind: DataErrorKind, fault: impl std::fmt::Display) -> Result<T, DataError> {
        Err(DataError::new(kind, format!("{}: {fault}", self.name)))
    }

    fn check_exist(&self, rows: &[usize]) -> Result<(), DataError> {
        match rows.iter().find(|&&row| row >= self.len()) {
            None => Ok(()),
            Some(row) => {
                let fault = format!("row {row} was asked for, but there are {} examples", self.len());
                self.fault(DataErrorKind::OutOfRange, fault)
            }
        }
    }

    fn check_rows(&self, what: &str, tensor: &Tensor) -> Result<(), DataError> {
        if tensor.shape().first() == Some(&self.len()) {
            return Ok(());
        }
        let fault = format!("the {what} are {}, with no row for each of {} examples", tensor.ty(), self.len());
        self.fault(DataErrorKind::Mismatch, fault.replace("mask are", "mask is"))
    }

    fn check_labels(&self) -> Result<(), DataError> {
        let Targets::Classes(classes) = &self.targets else { return Ok(()) };
        if classes.labels.dtype() != DType::I32 {
            let fault = format!("the labels are {}, i32 is needed", classes.labels.ty());
            return self.fault(DataErrorKind::Mismatch, fault);
        }
        if !classes.names.is_empty() && classes.names.len() != classes.count {
            let fault = format!("{} names for {} classes", classes.names.len(), classes.count);
            return self.fault(DataErrorKind::Mismatch, fault);
        }
        let mut names = BTreeSet::new();
        if let Some(name) = classes.names.iter().find(|name| !names.insert(name.as_str())) {
            return self.fault(DataErrorKind::Mismatch, format!("two classes are called {name:?}"));
        }
        let labels = classes.labels.as_slice::<i32>();
        let in_range = |label: i32| usize::try_from(label).is_ok_and(|label| label < classes.count);
        let offender = labels.iter().position(|&label| !in_range(label) && Some(label) != classes.ignored);
        let Some(at) = offender else { return Ok(()) };
        let place = place(&classes.labels, at);
        let fault = format!("label {} in {place}, but there are {} classes", labels[at], classes.count);
        self.fault(DataErrorKind::LabelOutOfRange, fault)
    }

    fn check_finite(&self, what: &str, tensor: &Tensor) -> Result<(), DataError> {
        match first_not_finite(tensor) {
            None => Ok(()),
            Some((at, value)) => {
                self.fault(DataErrorKind::NotFinite, format!("the {what} in {} is {value}", place(tensor, at)))
            }
        }
    }
}

/// `row 3`, or `row 3, column 5` of rows that hold more than one number.
pub(super) fn place(tensor: &Tensor, at: usize) -> String {
    match (row_shape(tensor), row_size(tensor).max(1)) {
        ([], _) => format!("row {at}"),
        (_, size) => format!("row {}, column {}", at / size, at % size),
    }
}

impl Examples for Dataset {
    fn len(&self) -> usize {
        self.len()
    }

    fn batch(&self, rows: &[usize]) -> Result<Batch, DataError> {
        self.batch(rows)
    }
}

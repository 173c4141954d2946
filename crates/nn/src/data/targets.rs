//! What an example is to be answered with: classes, numbers, or nothing.

use quadric_autodiff::{DType, Tensor};

/// The most classes that the labels of a file may ask for: no data set of ours has more, and a stray pixel value read as a label should not make a
/// layer of two billion units.
pub(super) const MOST_CLASSES: usize = 1 << 16;

/// The targets of a data set, along the axis of its examples.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{Classes, Dataset, Targets};
/// let x = tensor![[0.0f32], [1.0]];
/// let labelled = Dataset::new("labelled", x.clone(), Classes::new(tensor![0, 2], 3))?;
/// let regression = Dataset::new("regression", x.clone(), Targets::Numbers(tensor![[0.5, 1.0], [1.5, 2.0]]))?;
/// let unlabelled = Dataset::new("unlabelled", x, Targets::Absent)?;
/// assert_eq!((labelled.classes(), regression.classes(), unlabelled.classes()), (Some(3), None, None));
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Targets {
    /// There are none.
    Absent,
    /// One class for each example, or for each place in it.
    Classes(Classes),
    /// An array with one row for each example: numbers to regress on, several classes at once as bools, another image, ….
    Numbers(Tensor),
}

/// Class labels, and what is known of the classes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Classes {
    /// `i32[N]`, or `i32[N, T]` for sequences, or more axes; each at least 0 and below `count`, or `ignored`.
    pub labels: Tensor,
    /// How many classes there are, whether or not each occurs in this part.
    pub count: usize,
    /// What the classes are called; `count` names, no two alike, or none.
    pub names: Vec<String>,
    /// A label, often −1, of what belongs to no class and is to be left out of the loss.
    pub ignored: Option<i32>,
}

impl Classes {
    /// Labels of `count` classes without names, none of them ignored.
    pub fn new(labels: Tensor, count: usize) -> Classes {
        Classes { labels, count, names: vec![], ignored: None }
    }

    /// With names, the first that of class 0.
    #[must_use]
    pub fn named<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Classes {
        Classes { names: names.into_iter().map(Into::into).collect(), ..self }
    }

    /// With a label that is no class and may occur.
    #[must_use]
    pub fn ignoring(self, label: i32) -> Classes {
        Classes { ignored: Some(label), ..self }
    }
}

impl Targets {
    /// The array, if there is one.
    pub fn tensor(&self) -> Option<&Tensor> {
        match self {
            Targets::Absent => None,
            Targets::Classes(classes) => Some(&classes.labels),
            Targets::Numbers(numbers) => Some(numbers),
        }
    }

    /// The same kind of targets with the array replaced.
    pub(super) fn with(&self, f: impl FnOnce(&Tensor) -> Tensor) -> Targets {
        match self {
            Targets::Absent => Targets::Absent,
            Targets::Classes(classes) => Targets::Classes(Classes { labels: f(&classes.labels), ..classes.clone() }),
            Targets::Numbers(numbers) => Targets::Numbers(f(numbers)),
        }
    }

    /// Numbers in this float dtype; labels, integers and bools stay what they are.
    pub(super) fn to_dtype(&self, dtype: DType) -> Targets {
        self.with(|tensor| super::rows::floats_to(tensor, dtype))
    }
}

impl From<Classes> for Targets {
    fn from(classes: Classes) -> Targets {
        Targets::Classes(classes)
    }
}

/// Numbers.
impl From<Tensor> for Targets {
    fn from(numbers: Tensor) -> Targets {
        Targets::Numbers(numbers)
    }
}

//! What a loader draws from.

use super::{Batch, DataError};

/// Examples that are known by their number: a [`Dataset`](super::Dataset) in memory, [`Windows`](super::Windows) of a text, or one's own, which may
/// read from a disk.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{Batch, DataError, Examples, Loader};
/// struct Squares;
/// impl Examples for Squares {
///     fn len(&self) -> usize {
///         10
///     }
///     fn batch(&self, rows: &[usize]) -> Result<Batch, DataError> {
///         let x: Vec<f64> = rows.iter().map(|&row| (row * row) as f64).collect();
///         Ok(Batch::new(quadric_autodiff::Tensor::from_vec(&x)))
///     }
/// }
/// let first = Loader::new(Squares, 4)?.epoch(0).next().unwrap()?;
/// assert_eq!(first.inputs, tensor![0.0, 1.0, 4.0, 9.0]);
/// # Ok::<(), DataError>(())
/// ```
pub trait Examples: Send + Sync + 'static {
    /// How many there are.
    fn len(&self) -> usize;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These examples, in that order.
    ///
    /// # Errors
    /// [`OutOfRange`](super::DataErrorKind::OutOfRange) for a row that does not exist, and what reading may meet.
    fn batch(&self, rows: &[usize]) -> Result<Batch, DataError>;
}

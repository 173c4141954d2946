//! What batches are drawn from.

use super::{Batch, DataError};

/// Examples that are known by their number: a [`Dataset`](super::Dataset) in memory, or one's own, which may
/// read from a disk.
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

//! The order of training: minibatches without replacement, a fresh order for each epoch.
//!
//! Epoch `e` reads stream `e` of the generator that the seed keys, so the batches of an epoch do not depend on how
//! the epochs before it were read: a run can be continued from an archive in the middle and see the same data.

use super::shuffle::{Purpose, shuffled};

/// Cuts a random order of the rows `0..n` into batches of `batch_size`; the last one may be smaller. Every row occurs once.
///
/// # Panics
/// If `batch_size` is 0.
///
/// # Example
/// ```
/// # use quadric_nn::data::batches;
/// let mut rows = batches(10, 4, 1, 0);
/// assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
/// assert_eq!(rows, batches(10, 4, 1, 0)); // a function of its arguments alone
/// assert_ne!(rows, batches(10, 4, 1, 1)); // the next epoch has another order
/// ```
pub fn batches(n: usize, batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    assert!(batch_size > 0, "batches: a batch needs at least one row");
    shuffled(n, Purpose::Batches, seed, epoch).chunks(batch_size).map(<[usize]>::to_vec).collect()
}

/// As [`batches`], without a smaller last one: every batch has `batch_size` rows, so a compiled step sees one shape.
///
/// Other rows are left out in each epoch. With `n < batch_size` there is no batch at all.
///
/// # Panics
/// If `batch_size` is 0.
pub fn full_batches(n: usize, batch_size: usize, seed: u64, epoch: u64) -> Vec<Vec<usize>> {
    let mut batches = batches(n, batch_size, seed, epoch);
    batches.retain(|batch| batch.len() == batch_size);
    batches
}

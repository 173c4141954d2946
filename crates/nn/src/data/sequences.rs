//! Sequences of different lengths in one array.

use quadric_autodiff::Tensor;
use quadric_autodiff::tensor::Scalar;

/// The sequences as rows `[N, T]`, T the length of the longest, filled up at the end; and `bool[N, T]`, `true` where there was something.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{Dataset, Targets, pad_sequences};
/// let (tokens, mask) = pad_sequences(&[&[5, 6, 7][..], &[8]], 0);
/// assert_eq!(tokens, tensor![[5, 6, 7], [8, 0, 0]]);
/// assert_eq!(mask, tensor![[true, true, true], [true, false, false]]);
/// let set = Dataset::new("sentences", tokens, Targets::Absent)?.with_mask(mask)?;
/// # assert_eq!(set.len(), 2);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn pad_sequences<T: Scalar>(sequences: &[impl AsRef<[T]>], fill: T) -> (Tensor, Tensor) {
    let sequences: Vec<&[T]> = sequences.iter().map(AsRef::as_ref).collect();
    let longest = sequences.iter().map(|sequence| sequence.len()).max().unwrap_or(0);
    let shape = [sequences.len(), longest];
    let places = || sequences.iter().flat_map(|sequence| (0..longest).map(|at| sequence.get(at).copied()));
    let padded: Vec<T> = places().map(|entry| entry.unwrap_or(fill)).collect();
    let mask: Vec<bool> = places().map(|entry| entry.is_some()).collect();
    (Tensor::new(shape, &padded).expect("rows of one length"), Tensor::new(shape, &mask).expect("rows of one length"))
}

//! Random shifts.

use quadric_autodiff::Tensor;

use super::super::DataError;
use super::super::shuffle::{Purpose, below};
use super::{Key, moved, remap, sides};

/// Moves each image by up to `most` places up or down and left or right, each of the `(2 most + 1)²` moves equally likely.
///
/// # Errors
/// [`Mismatch`](super::super::DataErrorKind::Mismatch) if the images are not `[B, …, H, W]` with a row of the key each,
/// [`OutOfRange`](super::super::DataErrorKind::OutOfRange) if their dtype cannot hold `fill`.
///
/// # Example
/// ```
/// use quadric_autodiff::Tensor;
/// use quadric_nn::data::{Key, augment};
/// let dots = Tensor::new([9, 3, 3], &[[0, 0, 0, 0, 1, 0, 0, 0, 0]; 9].concat())?;
/// let shifted = augment::shift(&dots, 1, 0.0, &Key { seed: 1, epoch: 0, rows: (0..9).collect() })?;
/// assert_eq!(shifted.as_slice::<i32>().iter().sum::<i32>(), 9); // from the middle no dot leaves
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn shift(images: &Tensor, most: usize, fill: f64, key: &Key) -> Result<Tensor, DataError> {
    let size = sides("shift", images, fill, key)?;
    // Beyond the image everything is `fill`, and the numbers stay where they can be added.
    let most = most.min(1 << 31) as u64;
    let offsets: Vec<[isize; 2]> = key
        .generators(Purpose::Shift)
        .map(|mut rng| [(); 2].map(|()| below(&mut rng, 2 * most + 1) as isize - most as isize))
        .collect();
    Ok(remap(images, size, size, fill, |example, y, x| {
        let [down, right] = offsets[example];
        Some((moved(y, down)?, moved(x, right)?))
    }))
}

//! Random reflections.

use quadric_autodiff::Tensor;

use super::super::DataError;
use super::super::shuffle::{Purpose, below};
use super::{Key, remap, sides};

/// Swaps left and right of each image with probability ½.
///
/// # Errors
/// [`Mismatch`](super::super::DataErrorKind::Mismatch) if the images are not `[B, …, H, W]` with a row of the key each.
///
/// # Example
/// ```
/// use quadric_autodiff::Tensor;
/// use quadric_nn::data::{Key, augment};
/// let image = Tensor::new([1, 1, 3], &[1, 2, 3])?;
/// let flips = |epoch| augment::flip_horizontal(&image, &Key { seed: 1, epoch, rows: vec![0] }).unwrap().to_vec::<i32>();
/// let flipped = (0..1000).filter(|&epoch| flips(epoch) == [3, 2, 1]).count();
/// assert!((450..550).contains(&flipped)); // within three deviations of 500
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub fn flip_horizontal(images: &Tensor, key: &Key) -> Result<Tensor, DataError> {
    let size = sides("flip_horizontal", images, 0.0, key)?;
    let flipped: Vec<bool> = key.generators(Purpose::Flip).map(|mut rng| below(&mut rng, 2) == 1).collect();
    Ok(remap(images, size, size, 0.0, |example, y, x| Some((y, if flipped[example] { size[1] - 1 - x } else { x }))))
}

//! Random crops of padded images.

use quadric_autodiff::Tensor;

use super::super::shuffle::{Purpose, below};
use super::super::{DataError, DataErrorKind};
use super::{Key, remap, sides};

/// Pads each image by `padding` places on every side and cuts a window of `[height, width]` out at a random place, each equally likely: for CIFAR usually
/// 4 places and `[32, 32]`, its own size [He et al. 2016, §4.2].
///
/// # Shapes
/// `[B, …, H, W]` gives `[B, …, height, width]`.
///
/// # Errors
/// [`Mismatch`](DataErrorKind::Mismatch) if the images are not `[B, …, H, W]` with a row of the key each, or are smaller with their padding than the window;
/// [`OutOfRange`](DataErrorKind::OutOfRange) if their dtype cannot hold `fill`.
///
/// # Example
/// ```
/// use quadric_autodiff::Tensor;
/// use quadric_nn::data::{Key, augment};
/// let images = Tensor::new([2, 1, 2, 2], &[1.0; 8])?;
/// let key = Key { seed: 1, epoch: 0, rows: vec![0, 1] };
/// assert_eq!(augment::random_crop(&images, [2, 2], 0, 0.0, &key)?, images);
/// assert_eq!(augment::random_crop(&images, [1, 5], 2, 0.0, &key)?.shape()[..], [2, 1, 1, 5]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
///
/// [He et al. 2016, §4.2]: https://arxiv.org/abs/1512.03385
pub fn random_crop(
    images: &Tensor,
    window: [usize; 2],
    padding: usize,
    fill: f64,
    key: &Key,
) -> Result<Tensor, DataError> {
    let size = sides("random_crop", images, fill, key)?;
    // How far the window can go down and right.
    let room = |axis: usize| size[axis].saturating_add(padding.saturating_mul(2)).checked_sub(window[axis]);
    let (Some(down), Some(right)) = (room(0), room(1)) else {
        let fault = format!("random_crop: no window of {window:?} fits {} with {padding} places around", images.ty());
        return Err(DataError::new(DataErrorKind::Mismatch, fault));
    };
    let corners: Vec<[usize; 2]> = key
        .generators(Purpose::Crop)
        .map(|mut rng| [down, right].map(|room| below(&mut rng, (room as u64).saturating_add(1)) as usize))
        .collect();
    Ok(remap(images, size, window, fill, |example, y, x| {
        let [top, left] = corners[example];
        let inside = |at: usize, corner: usize| at.checked_add(corner)?.checked_sub(padding);
        Some((inside(y, top)?, inside(x, left)?))
    }))
}

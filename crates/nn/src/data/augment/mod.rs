//! Augmentation: random changes to a batch that keep its meaning.
//!
//! Plain functions on tensors, each a function of its arguments alone. What happens to an example depends on the seed, the epoch and the number of the example
//! ([`Key`]), not on the batch it lies in, nor on the thread that makes it: epoch `e` reads stream `e` of the generator that seed and example key.
//!
//! The same key gives the same numbers at each call: for a second draw, [split](Key::split) it.
//!
//! Images are `[B, H, W]` or `[B, C, H, W]` (or more axes before the last two), of any dtype. What comes in at a border is `fill`; of
//! standardised images 0 is the mean.
//!
//! # Example
//! ```
//! use quadric_nn::data::{Batch, DIGITS_SPLIT_SEED, Loader, augment, digits};
//! let loader = Loader::new(digits(DIGITS_SPLIT_SEED).train, 32)?.shuffled(1).map(|batch, key| {
//!     Ok(Batch { inputs: augment::shift(&batch.inputs, 1, -0.8, key)?, ..batch })
//! });
//! let twice = || loader.epoch(5).collect::<Result<Vec<_>, _>>();
//! assert_eq!(twice()?, twice()?);
//! # Ok::<(), quadric_nn::data::DataError>(())
//! ```

mod crop;
mod flip;
mod mixup;
mod shift;

pub use crop::random_crop;
pub use flip::flip_horizontal;
pub use mixup::mixup;
pub use shift::shift;

use quadric_autodiff::Tensor;
use rand_chacha::ChaCha8Rng;

use super::rows::pick;
use super::shuffle::{Purpose, derived, generator_of_row};
use super::{DataError, DataErrorKind};

/// Which examples a batch holds, and in which epoch of which run: what its random numbers are drawn by.
///
/// One key is one draw: two shifts by the same key move an image alike, and two views of a batch are the same view. For a second draw
/// [`split`](Key::split) the key, as one does with the keys of the engine.
///
/// # Example
/// ```
/// use quadric_nn::data::{DIGITS_SPLIT_SEED, Key, augment, digits};
/// let images = digits(DIGITS_SPLIT_SEED).train.batch(&[0, 1, 2, 3])?.inputs;
/// let key = Key { seed: 1, epoch: 0, rows: vec![0, 1, 2, 3] };
/// let view = |key: &Key| augment::shift(&images, 2, -0.8, key);
/// assert_eq!(view(&key)?, view(&key)?);
/// assert_ne!(view(&key.split(0))?, view(&key.split(1))?); // two views of one batch
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The seed of the run.
    pub seed: u64,
    /// The epoch.
    pub epoch: u64,
    /// The numbers of the examples in their data set, one for each row of the batch.
    pub rows: Vec<usize>,
}

impl Key {
    /// The key of that number of those that this one is split into: of the same examples and epoch, with random numbers of its own.
    #[must_use]
    pub fn split(&self, number: u64) -> Key {
        Key { seed: derived(Purpose::Key, self.seed, number), ..self.clone() }
    }

    /// A generator for each row of the batch.
    fn generators(&self, purpose: Purpose) -> impl Iterator<Item = ChaCha8Rng> {
        self.rows.iter().map(move |&row| generator_of_row(purpose, self.seed, self.epoch, row as u64))
    }

    /// That there is a row for each of `tensor`.
    fn check(&self, what: &str, tensor: &Tensor) -> Result<(), DataError> {
        if tensor.shape().first() == Some(&self.rows.len()) {
            return Ok(());
        }
        let fault = format!("{what}: the key is of {} examples, the batch is {}", self.rows.len(), tensor.ty());
        Err(DataError::new(DataErrorKind::Mismatch, fault))
    }
}

/// Height and width of the images of a batch that fits the key, and that their dtype holds `fill`.
fn sides(what: &str, images: &Tensor, fill: f64, key: &Key) -> Result<[usize; 2], DataError> {
    key.check(what, images)?;
    Tensor::number(images.dtype(), fill)
        .map_err(|error| DataError::new(DataErrorKind::OutOfRange, format!("{what}: the fill {error}")))?;
    match images.shape()[..] {
        [_, .., height, width] if images.shape().rank() >= 3 => Ok([height, width]),
        _ => {
            let fault = format!("{what}: images [B, …, H, W] are needed, the batch is {}", images.ty());
            Err(DataError::new(DataErrorKind::Mismatch, fault))
        }
    }
}

/// The images of `window` size in which place (y, x) of example b shows what `source(b, y, x)` says, in every channel alike, or `fill` where that is outside.
fn remap(
    images: &Tensor,
    [height, width]: [usize; 2],
    window: [usize; 2],
    fill: f64,
    source: impl Fn(usize, usize, usize) -> Option<(usize, usize)>,
) -> Tensor {
    let axes = images.shape().rank();
    let shape = [&images.shape()[..axes - 2], &window[..]].concat();
    let channels: usize = images.shape()[1..axes - 2].iter().product();
    let area = window[0] * window[1];
    let index = |at: usize| {
        let (channel, place) = (at / area, at % area);
        let (y, x) = source(channel / channels, place / window[1], place % window[1])?;
        (y < height && x < width).then(|| (channel * height + y) * width + x)
    };
    let size = shape.iter().product();
    pick(images, shape, (0..size).map(index), fill)
}

/// The place `offset` before `at`, unless it is before the first.
fn moved(at: usize, offset: isize) -> Option<usize> {
    at.checked_add_signed(-offset)
}

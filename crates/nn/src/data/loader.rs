//! Batches, epoch by epoch, from any place on.
//!
//! Epoch `e` reads stream `e` of the generator that the seed keys ([`batches`](super::batches)), so an epoch does not depend on how the epochs before it
//! were read, and a [`Position`] of two numbers is all that has to be saved to go on in the middle of a run.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::shuffle::{Purpose, derived, shuffled};
use super::{Batch, DataError, DataErrorKind, Examples, Key};

/// The place of a batch in a run.
///
/// # Example
/// ```
/// # use quadric_nn::data::Position;
/// let position = Position { epoch: 3, batch: 17 };
/// assert_eq!(position.to_string(), "3:17");
/// assert_eq!("3:17".parse::<Position>()?, position); // as text in the metadata of an archive
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 0.
    pub epoch: u64,
    /// From 0 in its epoch.
    pub batch: usize,
}

impl Position {
    /// The place after this one, where a run that has used this batch goes on; past the end of an epoch it is the start of the next.
    #[must_use]
    pub fn next(self) -> Position {
        Position { batch: self.batch + 1, ..self }
    }
}

/// `epoch:batch`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.epoch, self.batch)
    }
}

impl FromStr for Position {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Position, DataError> {
        let position = text
            .split_once(':')
            .and_then(|(epoch, batch)| Some(Position { epoch: epoch.parse().ok()?, batch: batch.parse().ok()? }));
        position.ok_or_else(|| DataError::new(DataErrorKind::Malformed, format!("{text:?} is no EPOCH:BATCH")))
    }
}

type Transform = dyn Fn(Batch, &Key) -> Result<Batch, DataError> + Send + Sync;

/// Cuts examples into batches, in order or shuffled anew in each epoch. Cloning shares the examples.
///
/// # Example
/// ```
/// use quadric_autodiff::tensor;
/// use quadric_nn::data::{Dataset, Loader, Position, Targets};
/// let set = Dataset::new("numbers", tensor![[0.], [1.], [2.], [3.], [4.]], Targets::Absent)?;
/// let loader = Loader::new(set, 2)?.shuffled(7);
/// assert_eq!(loader.batches_per_epoch(), 3); // the last of one example, which `drop_last` would leave out
/// for batch in loader.epoch(0) {
///     assert!(batch?.inputs.shape()[0] <= 2);
/// }
/// // A run of 5 batches, and the same run stopped after 4 of them and continued.
/// let whole: Vec<_> = loader.batches(Position::default()).take(5).collect::<Result<_, _>>()?;
/// let (position, _) = whole[3];
/// let (_, batch) = loader.batches(position.next()).next().unwrap()?;
/// assert_eq!(batch, whole[4].1);
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub struct Loader<E> {
    examples: Arc<E>,
    batch_size: usize,
    seed: Option<u64>,
    drop_last: bool,
    transforms: Vec<Arc<Transform>>,
}

impl<E> Clone for Loader<E> {
    fn clone(&self) -> Loader<E> {
        Loader { examples: self.examples.clone(), transforms: self.transforms.clone(), ..*self }
    }
}

impl<E: Examples> Loader<E> {
    /// Batches of the examples as they come; the last one of an epoch may be smaller.
    ///
    /// # Errors
    /// [`DataErrorKind::Argument`] for batches of no rows, [`DataErrorKind::Empty`] if there are no examples.
    pub fn new(examples: E, batch_size: usize) -> Result<Loader<E>, DataError> {
        if batch_size == 0 {
            return Err(DataError::new(DataErrorKind::Argument, "a loader: a batch needs at least one row"));
        }
        if examples.is_empty() {
            return Err(DataError::new(DataErrorKind::Empty, "a loader: there are no examples"));
        }
        Ok(Loader { examples: Arc::new(examples), batch_size, seed: None, drop_last: false, transforms: vec![] })
    }

    /// In a random order, another in each epoch: that of [`batches`](super::batches).
    #[must_use]
    pub fn shuffled(self, seed: u64) -> Loader<E> {
        Loader { seed: Some(seed), ..self }
    }

    /// Without a smaller last batch, so that a compiled step sees one shape; shuffled, other examples are left out in each epoch.
    ///
    /// # Errors
    /// [`DataErrorKind::Argument`] if there are fewer examples than a batch takes: there would be no batch at all.
    pub fn drop_last(self) -> Result<Loader<E>, DataError> {
        let (n, size) = (self.examples.len(), self.batch_size);
        if n < size {
            let fault = format!("a loader: {n} examples fill no batch of {size}, and a smaller one is to be dropped");
            return Err(DataError::new(DataErrorKind::Argument, fault));
        }
        Ok(Loader { drop_last: true, ..self })
    }

    /// With each batch changed by `f`, after the changes before it: augmentation, whose numbers come from the [`Key`].
    ///
    /// The first change has the key of the seed of the order, or 0 if the examples come in order, each later one a key of its own, so that two
    /// shifts one after the other do not move alike. Within `f` one key is one draw: [split](Key::split) it for several.
    #[must_use]
    pub fn map(mut self, f: impl Fn(Batch, &Key) -> Result<Batch, DataError> + Send + Sync + 'static) -> Loader<E> {
        self.transforms.push(Arc::new(f));
        self
    }

    /// What the batches are made of.
    pub fn examples(&self) -> &E {
        &self.examples
    }

    /// How many batches an epoch has.
    pub fn batches_per_epoch(&self) -> usize {
        let n = self.examples.len();
        if self.drop_last { n / self.batch_size } else { n.div_ceil(self.batch_size) }
    }

    /// The batches of one epoch.
    pub fn epoch(&self, epoch: u64) -> impl Iterator<Item = Result<Batch, DataError>> + Send + use<E> {
        let batches = self.batches(Position { epoch, batch: 0 });
        batches.take(self.batches_per_epoch()).map(|item| item.map(|(_, batch)| batch))
    }

    /// The batches from a place on, epoch after epoch without end; each with its place. After an error there are no more.
    ///
    /// A position past the end of its epoch by one is the start of the next; one further on is an error, as of a run
    /// with other batches.
    pub fn batches(&self, from: Position) -> Batches<E> {
        Batches { loader: self.clone(), next: from, order: None, failed: false }
    }

    fn order(&self, epoch: u64) -> Vec<usize> {
        let n = self.examples.len();
        match self.seed {
            Some(seed) => shuffled(n, Purpose::Batches, seed, epoch),
            None => (0..n).collect(),
        }
    }
}

/// The batches of a [`Loader`], without end; see [`Loader::batches`].
pub struct Batches<E> {
    loader: Loader<E>,
    next: Position,
    /// The epoch and the order of its rows.
    order: Option<(u64, Vec<usize>)>,
    failed: bool,
}

impl<E: Examples> Batches<E> {
    /// The place of the batch that comes next.
    pub fn position(&self) -> Position {
        self.next
    }

    fn load(&mut self) -> Result<(Position, Batch), DataError> {
        let Batches { loader, order, .. } = self;
        let count = loader.batches_per_epoch();
        let at = match self.next {
            Position { epoch, batch } if batch == count => Position { epoch: epoch + 1, batch: 0 },
            position if position.batch < count => position,
            position => {
                let fault = format!("a loader: there is no batch {position}, an epoch has {count}");
                return Err(DataError::new(DataErrorKind::OutOfRange, fault));
            }
        };
        if order.as_ref().is_none_or(|(epoch, _)| *epoch != at.epoch) {
            *order = Some((at.epoch, loader.order(at.epoch)));
        }
        let (_, rows) = order.as_ref().expect("settled by the lines above");
        let size = loader.batch_size;
        let rows = rows[at.batch * size..].iter().take(size).copied().collect();
        let key = Key { seed: loader.seed.unwrap_or(0), epoch: at.epoch, rows };
        let batch = loader.examples.batch(&key.rows)?;
        let changed = |batch, (place, transform): (usize, &Arc<Transform>)| match place {
            0 => transform(batch, &key),
            _ => {
                let seed = derived(Purpose::Transform, key.seed, place as u64);
                transform(batch, &Key { seed, ..key.clone() })
            }
        };
        let batch = loader.transforms.iter().enumerate().try_fold(batch, changed)?;
        self.next = at.next();
        Ok((at, batch))
    }
}

impl<E: Examples> Iterator for Batches<E> {
    type Item = Result<(Position, Batch), DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let item = self.load();
        self.failed = item.is_err();
        Some(item)
    }
}

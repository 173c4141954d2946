//! Batches made ready by another thread while a step runs.

use std::panic;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{self, JoinHandle};

use super::{DataError, DataErrorKind};

/// Runs an iterator on a thread of its own, at most `ahead` items before they are asked for (and one more in the making).
///
/// The items and their order are those of the iterator. Errors are items like others. A panic of the iterator is one of the caller, when it asks for the item that was not
/// made. Dropping the result stops the thread after the item in the making.
///
/// # Errors
/// [`DataErrorKind::Io`] if the operating system gives no thread.
///
/// # Example
/// ```
/// use quadric_nn::data::{DIGITS_SPLIT_SEED, Loader, digits, prefetch};
/// let loader = Loader::new(digits(DIGITS_SPLIT_SEED).train, 32)?.shuffled(1);
/// for (ahead, here) in prefetch(loader.epoch(0), 4)?.zip(loader.epoch(0)) {
///     assert_eq!(ahead?, here?);
/// }
/// # Ok::<(), quadric_nn::data::DataError>(())
/// ```
pub fn prefetch<I>(items: I, ahead: usize) -> Result<Prefetch<I::Item>, DataError>
where
    I: Iterator<Item: Send + 'static> + Send + 'static,
{
    let (sender, receiver) = sync_channel(ahead);
    let work = move || {
        for item in items {
            // Nobody listens any more.
            if sender.send(item).is_err() {
                break;
            }
        }
    };
    let worker = thread::Builder::new().name("quadric-prefetch".to_owned()).spawn(work).map_err(|error| {
        DataError::new(DataErrorKind::Io, format!("a thread to prefetch on: {error}")).caused_by(error)
    })?;
    Ok(Prefetch { receiver: Some(receiver), worker: Some(worker) })
}

/// An iterator that runs on another thread; see [`prefetch`].
pub struct Prefetch<T> {
    /// `None` once the iterator has ended.
    receiver: Option<Receiver<T>>,
    worker: Option<JoinHandle<()>>,
}

impl<T> Iterator for Prefetch<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let received = self.receiver.as_ref()?.recv();
        if let Ok(item) = received {
            return Some(item);
        }
        // The worker has let go of its end: the items are all, or it panicked.
        self.receiver = None;
        if let Some(Err(payload)) = self.worker.take().map(JoinHandle::join) {
            panic::resume_unwind(payload);
        }
        None
    }
}

impl<T> Drop for Prefetch<T> {
    fn drop(&mut self) {
        // First the channel, so that a worker that waits for room in it goes on and ends.
        self.receiver = None;
        if let Some(worker) = self.worker.take() {
            // A panic that nobody asked the item of is not worth a second one.
            let _ = worker.join();
        }
    }
}

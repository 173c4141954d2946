//! Where batches come from.

use quadric_autodiff::VarTree;
use quadric_autodiff::trace::Var;

use crate::data::{Batch, DataError, Examples, Loader, Position};

/// The batches of an epoch, those that are left of it.
pub type Rest<'a, B> = Box<dyn Iterator<Item = Result<<B as VarTree>::Host, DataError>> + 'a>;

/// Batches, epoch by epoch: a [`Loader`], or a closure from a [`Position`] to an iterator over the batches from there to the end of its epoch. For a run
/// to go on where it was, they must be a function of the position.
pub trait Source<B: VarTree> {
    /// The batches from this one to the last of its epoch.
    fn rest(&self, from: Position) -> Rest<'_, B>;

    /// How many batches an epoch has, if that is known; for the time that is left.
    fn batches_per_epoch(&self) -> Option<usize> {
        None
    }
}

impl<E: Examples> Source<Batch<Var>> for Loader<E> {
    fn rest(&self, from: Position) -> Rest<'_, Batch<Var>> {
        let left = self.batches_per_epoch().saturating_sub(from.batch);
        Box::new(self.batches(from).take(left).map(|item| item.map(|(_, batch)| batch)))
    }

    fn batches_per_epoch(&self) -> Option<usize> {
        Some(Loader::batches_per_epoch(self))
    }
}

impl<B, F, I> Source<B> for F
where
    B: VarTree,
    F: Fn(Position) -> I,
    I: Iterator<Item = Result<B::Host, DataError>> + 'static,
{
    fn rest(&self, from: Position) -> Rest<'_, B> {
        Box::new(self(from))
    }
}

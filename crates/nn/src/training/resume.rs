//! A run in a checkpoint and out of it.

use quadric_autodiff::{Tensor, Tree};

use crate::checkpoint::Checkpoint;
use crate::data::DataError;

/// Gathers a checkpoint.
pub(super) struct Writer(Checkpoint);

impl Writer {
    pub(super) fn new() -> Writer {
        Writer(Checkpoint::new())
    }

    fn put(&mut self, f: impl FnOnce(Checkpoint) -> Checkpoint) {
        self.0 = f(std::mem::take(&mut self.0));
    }

    pub(super) fn tree<H: Tree<Leaf = Tensor>>(&mut self, name: &str, tree: &H) {
        self.put(|checkpoint| checkpoint.with_tree(name, tree));
    }

    pub(super) fn count(&mut self, name: &str, count: u64) {
        self.put(|checkpoint| checkpoint.with_count(name, count));
    }

    pub(super) fn number(&mut self, name: &str, number: f64) {
        self.put(|checkpoint| checkpoint.with_number(name, number));
    }

    pub(super) fn numbers(&mut self, name: &str, numbers: &[f64]) {
        self.put(|checkpoint| checkpoint.with_numbers(name, numbers));
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.put(|checkpoint| checkpoint.with_text(name, text));
    }

    pub(super) fn finish(self) -> Checkpoint {
        self.0
    }
}

/// Reads one.
pub(super) struct Reader<'a>(pub(super) &'a Checkpoint);

impl Reader<'_> {
    /// A tree of the structure of another.
    pub(super) fn tree<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, name: &str, like: &H) -> Result<H, DataError> {
        self.0.tree(name, like)
    }
}

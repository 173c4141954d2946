//! Data sets: where they come from, how they are prepared, and in which order they are read.
//!
//! A [`Dataset`] is arrays in memory, inputs of any dtype and shape with targets of any kind; [`Examples`] is what a [`Loader`] needs of it,
//! or of a source of one's own. A [`Batch`] is a tree that a compiled step takes whole. A reader gives a [`Dataset`], a [`Split`] of two, or
//! a [`Tensor`](quadric_autodiff::Tensor):
//!
//! - [`digits`]: 8×8 handwritten digits, embedded in the program, so that the main job needs no download;
//! - [`idx`]: a folder in the format of MNIST (and Fashion-MNIST, EMNIST, …), gzipped or not; [`read_idx`] one file of it;
//! - [`cifar10`] and [`cifar100`]: in their binary version; `ImageFolder`, with the feature `images`: a folder of pictures for each class;
//! - [`mnist1d`]: a folder of numpy arrays; [`read_npy`] and [`read_npz`] one file of them;
//! - [`Csv`]: a table;
//! - [`Vocabulary`] and [`Windows`]: a text, by characters or by bytes.
//!
//! A damaged file is an error whose sentence names it, with what was expected and what was found.
//!
//! Randomness is ChaCha8 keyed by the caller's seed, and the shuffle is written out in `shuffle.rs`:
//! a seed means the same order whatever becomes of our dependencies.

pub mod augment;
mod batch;
mod batches;
mod cifar;
mod csv;
mod dataset;
mod digits;
mod error;
mod examples;
mod idx;
#[cfg(feature = "images")]
mod images;
mod loader;
mod mnist1d;
mod npy;
mod npz;
mod one_hot;
mod prefetch;
mod rows;
mod scaling;
mod sequences;
mod shuffle;
mod source;
mod splits;
mod targets;
mod text;
mod zip;

pub use augment::Key;
pub use batch::Batch;
pub use batches::{batches, full_batches};
pub use cifar::{Cifar100Labels, cifar10, cifar100};
pub use csv::{Column, Csv};
pub use dataset::{Dataset, Split};
pub use digits::{DIGITS_SPLIT_SEED, digits};
pub use error::{DataError, DataErrorKind};
pub use examples::Examples;
pub use idx::{idx, read_idx};
#[cfg(feature = "images")]
pub use images::ImageFolder;
pub use loader::{Batches, Loader, Position};
pub use mnist1d::mnist1d;
pub use npy::{read_npy, write_npy};
pub use npz::{read_npz, write_npz, write_npz_compressed};
pub use one_hot::one_hot;
pub use prefetch::{Prefetch, prefetch};
pub use scaling::{Per, Scaling};
pub use sequences::pad_sequences;
pub use splits::{Fold, contiguous_parts, k_folds, split_rows, stratified_rows};
pub use targets::{Classes, Targets};
pub use text::{Vocabulary, Windows, read_text};

#[cfg(test)]
mod tests;

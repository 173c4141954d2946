//! Checkpoints of training: all that a run needs to go on as if nothing had happened, in one file.
//!
//! A run is a function of its parameters, the optimizer's state, the keys of its random numbers, the place in the data, and the
//! numbers it has gathered. [`Checkpoint`] holds these under names; it is written as a whole or not at all
//! ([`write_atomically`](crate::files::write_atomically)), and a run that is killed and goes on from it ends in the same bits
//! as one that was left alone, since the batches of an epoch are a function of seed and epoch
//! ([`batches`](crate::data::batches())) and random numbers are one of their key. [`Checkpoints`] is a folder of them, which keeps the last few
//! and the best.
//!
//! The file is a safetensors file: other programs read the parameters in it.
//!
//! # Example
//! ```
//! use quadric_autodiff::{DType, Tensor, tensor};
//! use quadric_nn::{Activation, Adam, Checkpoint, Checkpoints, Mlp, Optimizer};
//! # let folder = std::env::temp_dir().join(format!("quadric-checkpoints-{}", std::process::id()));
//!
//! let mut model = Mlp::new(&[2, 8, 1], Activation::Gelu, DType::F32, 1);
//! let mut optimizer = Adam::new().init(&model);
//! let mut losses = Vec::new();
//! let checkpoints = Checkpoints::open(&folder)?.keep_last(2).keep_lowest("loss");
//! let mut step = 0;
//! if let Some(found) = checkpoints.latest()? {
//!     model = found.checkpoint.tree("model", &model)?;
//!     optimizer = found.checkpoint.tree("optimizer", &optimizer)?;
//!     losses = found.checkpoint.numbers("losses")?;
//!     step = found.step;
//! }
//! while step < 5 {
//!     step += 1; // … a step of training …
//!     losses.push(1.0 / step as f64);
//!     let checkpoint = Checkpoint::new()
//!         .with_tree("model", &model)
//!         .with_tree("optimizer", &optimizer)
//!         .with_tree("key", &tensor![7u32, step as u32])
//!         .with_count("epoch", step / 2)
//!         .with_number("loss", losses[losses.len() - 1])
//!         .with_numbers("losses", &losses)
//!         .with_text("run", "a first try");
//!     checkpoints.save(step, &checkpoint)?;
//! }
//! assert_eq!(checkpoints.steps()?, [4, 5]);
//! # std::fs::remove_dir_all(&folder).unwrap();
//! # Ok::<(), quadric_nn::data::DataError>(())
//! ```

mod folder;

pub use folder::{Checkpoints, Found, latest};

use std::path::Path;

use quadric_autodiff::{Tensor, Tree};

use crate::archive::{Archive, Dtype, Entry, Shown};
use crate::data::{DataError, DataErrorKind};
use crate::tensors::told;

/// The note by which a file is known as a checkpoint, and the number of the form it has.
const MARK: &str = "quadric.checkpoint";
const FORM: &str = "1";

/// Trees, numbers and texts by name: what there is to know of a run at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    archive: Archive,
    /// What it is called in a sentence.
    place: String,
}

impl Default for Checkpoint {
    fn default() -> Checkpoint {
        let mut archive = Archive::new();
        archive.note(MARK, FORM);
        Checkpoint { archive, place: "checkpoint".to_owned() }
    }
}

impl Checkpoint {
    /// Nothing yet.
    pub fn new() -> Checkpoint {
        Checkpoint::default()
    }

    /// With a tree of tensors: a model, its running statistics, the state of an optimizer, a key of random numbers. Its leaves are
    /// `NAME.layers.0.weight` in the file.
    ///
    /// # Panics
    /// If the name is taken, empty, or has a dot in it, as for everything that a checkpoint holds.
    #[track_caller]
    #[must_use]
    pub fn with_tree<H: Tree<Leaf = Tensor>>(mut self, name: &str, tree: &H) -> Checkpoint {
        self.claim(name);
        self.archive.insert_tree(name, tree);
        self
    }

    /// With a whole number: a step, an epoch, a place in the data, a seed.
    ///
    /// # Panics
    /// As [`with_tree`](Checkpoint::with_tree).
    #[track_caller]
    #[must_use]
    pub fn with_count(self, name: &str, count: u64) -> Checkpoint {
        self.with_entry(name, Dtype::U64, &[], count.to_le_bytes().to_vec())
    }

    /// With a number, which comes back bit by bit.
    ///
    /// # Panics
    /// As [`with_tree`](Checkpoint::with_tree).
    #[track_caller]
    #[must_use]
    pub fn with_number(self, name: &str, number: f64) -> Checkpoint {
        self.with_entry(name, Dtype::F64, &[], number.to_le_bytes().to_vec())
    }

    /// With numbers, such as the losses so far.
    ///
    /// # Panics
    /// As [`with_tree`](Checkpoint::with_tree).
    #[track_caller]
    #[must_use]
    pub fn with_numbers(self, name: &str, numbers: &[f64]) -> Checkpoint {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        self.with_entry(name, Dtype::F64, &[numbers.len()], bytes)
    }

    /// With a text: the settings of the run, a version, a remark.
    ///
    /// # Panics
    /// As [`with_tree`](Checkpoint::with_tree).
    #[track_caller]
    #[must_use]
    pub fn with_text(mut self, name: &str, text: &str) -> Checkpoint {
        self.claim(name);
        self.archive.note(name, text);
        self
    }

    #[track_caller]
    fn with_entry(mut self, name: &str, dtype: Dtype, shape: &[usize], bytes: Vec<u8>) -> Checkpoint {
        self.claim(name);
        self.archive.insert(Entry::new(name, dtype, shape, bytes).expect("the bytes of these numbers"));
        self
    }

    /// Dots divide a name from the leaves' own, so that two names without one never meet.
    #[track_caller]
    fn claim(&self, name: &str) {
        let plain = !name.is_empty() && !name.contains('.') && name != "__metadata__";
        assert!(plain, "checkpoint: {name:?} is no name for what it holds; use one that is not empty and has no dot");
        let taken = self.archive.metadata().contains_key(name) || self.archive.under(name).next().is_some();
        assert!(!taken, "checkpoint: {name:?} is there already");
    }

    /// Writes the file, as a whole or not at all; a file that was there is replaced.
    ///
    /// # Errors
    /// Those of [`write_atomically`](crate::files::write_atomically).
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        self.archive.write(path)
    }

    /// Reads a file that [`write`](Checkpoint::write) wrote.
    ///
    /// # Errors
    /// Those of [`Archive::read`], and [`DataErrorKind::Unsupported`] for a file that is no checkpoint.
    pub fn read(path: impl AsRef<Path>) -> Result<Checkpoint, DataError> {
        let path = path.as_ref();
        let archive = Archive::read(path)?;
        match archive.metadata().get(MARK).map(String::as_str) {
            Some(FORM) => Ok(Checkpoint { archive, place: path.display().to_string() }),
            Some(form) => {
                let fault = format_args!("is a checkpoint of form {form:?}, {FORM} is read here");
                Err(DataError::at(path, DataErrorKind::Unsupported, fault))
            }
            None => {
                let fault = format_args!("is no checkpoint: it has no note {MARK}");
                Err(DataError::at(path, DataErrorKind::Unsupported, fault))
            }
        }
    }

    /// The tree of that name; `like` says its structure, and the names, shapes and dtypes of its leaves.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] with the leaves that are missing, of another shape or dtype, or not in `like`, the first few of them, in one
    /// sentence.
    pub fn tree<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, name: &str, like: &H) -> Result<H, DataError> {
        let faults = self.archive.misfits(name, like);
        if !faults.is_empty() {
            return Err(self.mismatch(&told(faults)));
        }
        self.archive.fitting_tree(name, like)
    }

    /// The whole number of that name.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there is none.
    pub fn count(&self, name: &str) -> Result<u64, DataError> {
        self.bytes(name, Dtype::U64, 0, "whole number").map(|bytes| u64::from_le_bytes(bytes[0]))
    }

    /// The number of that name.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there is none.
    pub fn number(&self, name: &str) -> Result<f64, DataError> {
        self.bytes(name, Dtype::F64, 0, "number").map(|bytes| f64::from_le_bytes(bytes[0]))
    }

    /// The numbers of that name.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there are none.
    pub fn numbers(&self, name: &str) -> Result<Vec<f64>, DataError> {
        let bytes = self.bytes(name, Dtype::F64, 1, "list of numbers")?;
        Ok(bytes.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect())
    }

    /// The text of that name.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there is none.
    pub fn text(&self, name: &str) -> Result<&str, DataError> {
        let text = self.archive.metadata().get(name).filter(|_| name != MARK);
        text.map(String::as_str).ok_or_else(|| self.mismatch(&format!("there is no text {}", Shown(name))))
    }

    /// What is in the file: to look at everything, whatever its name.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    fn bytes(&self, name: &str, dtype: Dtype, rank: usize, what: &str) -> Result<&[[u8; 8]], DataError> {
        let shown = Shown(name);
        match self.archive.get(name) {
            Some(entry) if entry.dtype() == dtype && entry.shape().len() == rank => Ok(entry.bytes().as_chunks().0),
            Some(entry) => Err(self.mismatch(&format!("{shown} is {} there, no {what}", entry.info()))),
            None => Err(self.mismatch(&format!("there is no {what} {shown}"))),
        }
    }

    fn mismatch(&self, fault: &str) -> DataError {
        DataError::new(DataErrorKind::Mismatch, format!("{}: {fault}", self.place))
    }
}

//! Between the plain numbers of archives and the engine's tensors.

use std::collections::BTreeSet;

use quadric_autodiff::{Tensor, Tree};

use crate::archive::{Archive, Dtype, Entry, first_few, little_endian, stored};
use crate::data::{DataError, DataErrorKind};

impl Entry {
    /// A tensor under a name.
    ///
    /// # Panics
    /// If the name is reserved (`__metadata__`).
    pub fn from_tensor(name: impl Into<String>, tensor: &Tensor) -> Entry {
        Entry::new(name, stored(tensor.dtype()), tensor.shape(), little_endian(tensor))
            .expect("a tensor has the size of its shape, and the name is not the format's own")
    }

    /// The numbers as a tensor of their own dtype.
    ///
    /// # Errors
    /// [`DataErrorKind::Unsupported`] for types that no tensor has ([`tensor_as`](Entry::tensor_as) converts some), and for shapes
    /// that no tensor has: more axes than the engine walks, or more bytes than a memory has.
    pub fn tensor(&self) -> Result<Tensor, DataError> {
        let shape = self.shape();
        let tensor = match self.dtype() {
            Dtype::F32 => self.f32().map(|data| Tensor::new(shape, &data)),
            Dtype::F64 => self.f64().map(|data| Tensor::new(shape, &data)),
            Dtype::I32 => self.i32().map(|data| Tensor::new(shape, &data)),
            Dtype::U32 => self.u32().map(|data| Tensor::new(shape, &data)),
            Dtype::Bool => self.bool().map(|data| Tensor::new(shape, &data)),
            _ => None,
        };
        let Some(tensor) = tensor else {
            let what = format!("holds {}, which no tensor does; a conversion has to be asked for", self.dtype());
            return Err(self.fault(DataErrorKind::Unsupported, what));
        };
        tensor.map_err(|error| self.fault(DataErrorKind::Unsupported, &error).caused_by(error))
    }
}

impl Archive {
    /// Adds every leaf of a tree under its name, `prefix.layers.0.weight` (or without a prefix, if it is empty).
    pub fn insert_tree<H: Tree<Leaf = Tensor>>(&mut self, prefix: &str, tree: &H) {
        for (name, leaf) in tree.leaf_names().iter().zip(tree.leaves()) {
            self.insert(Entry::from_tensor(joined(prefix, name), leaf));
        }
    }

    /// The tree whose leaves were added under that prefix; `like` says its structure, names, shapes and dtypes. Without a prefix the whole
    /// archive is the tree.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if leaves are not there or have another shape or dtype, or if there are arrays under the prefix that are not in
    /// `like`, as of a deeper network: the first few of them in one sentence.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::DType;
    /// use quadric_nn::{Activation, Mlp, archive::Archive};
    /// let model = Mlp::new(&[3, 2], Activation::Tanh, DType::F64, 1);
    /// let mut archive = Archive::new();
    /// archive.insert_tree("model", &model);
    /// let other = Mlp::new(&[3, 2], Activation::Tanh, DType::F64, 2);
    /// assert_eq!(archive.tree("model", &other)?, model);
    /// # Ok::<(), quadric_nn::data::DataError>(())
    /// ```
    pub fn tree<H: Tree<Leaf = Tensor, With<Tensor> = H>>(&self, prefix: &str, like: &H) -> Result<H, DataError> {
        let faults = self.misfits(prefix, like);
        if !faults.is_empty() {
            let what = format!("the archive does not have the tree: {}", told(faults));
            return Err(DataError::new(DataErrorKind::Mismatch, what));
        }
        self.fitting_tree(prefix, like)
    }

    /// The leaves of `like` that are not there, or not of their shape and dtype, and the arrays that are not in `like`: a phrase each.
    pub(crate) fn misfits<H: Tree<Leaf = Tensor>>(&self, prefix: &str, like: &H) -> Vec<String> {
        let mut faults = Vec::new();
        for (name, leaf) in like.leaf_names().iter().zip(like.leaves()) {
            let name = joined(prefix, name);
            match self.get(&name) {
                None => faults.push(format!("\"{name}\" {} is not there", leaf.ty())),
                Some(entry) if entry.dtype() != stored(leaf.dtype()) || entry.shape() != &leaf.shape()[..] => {
                    faults.push(format!("\"{name}\" is {} there, {} is needed", entry.info(), leaf.ty()));
                }
                Some(_) => {}
            }
        }
        let wanted: BTreeSet<String> = like.leaf_names().iter().map(|leaf| joined(prefix, leaf)).collect();
        for entry in self.under(prefix).filter(|entry| !wanted.contains(entry.name())) {
            faults.push(format!("\"{}\" {} is not needed", entry.name(), entry.info()));
        }
        faults
    }

    /// The arrays of that prefix: of the name itself, and of what begins with it and a dot; all if it is empty.
    pub(crate) fn under<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a Entry> {
        self.entries().filter(move |entry| {
            let rest = entry.name().strip_prefix(prefix);
            prefix.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The tree, of which [`misfits`](Archive::misfits) has found nothing.
    pub(crate) fn fitting_tree<H: Tree<Leaf = Tensor, With<Tensor> = H>>(
        &self,
        prefix: &str,
        like: &H,
    ) -> Result<H, DataError> {
        let names = like.leaf_names();
        let mut names = names.iter();
        like.try_map_leaves(|_| {
            let name = joined(prefix, names.next().expect("a name for each leaf"));
            self.get(&name).expect("misfits has seen it").tensor()
        })
    }
}

/// The first few faults in one sentence.
pub(crate) fn told(faults: Vec<String>) -> String {
    let count = faults.len();
    first_few(faults.into_iter(), count, "; ")
}

pub(crate) fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}

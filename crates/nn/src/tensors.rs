//! Between the plain numbers of archives and the engine's tensors.

use quadric_autodiff::{Tensor, Tree};

use crate::archive::{Archive, Dtype, Entry, little_endian, stored};
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

    /// The tree whose leaves were added under that prefix; `like` says its structure, names, shapes and dtypes.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if a leaf is not there or has another shape or dtype.
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
        let names = like.leaf_names();
        let mut names = names.iter();
        like.try_map_leaves(|leaf| {
            let name = joined(prefix, names.next().expect("a name for each leaf"));
            let fault = |what: String| DataError::new(DataErrorKind::Mismatch, what);
            let Some(entry) = self.get(&name) else { return Err(fault(format!("the archive has no \"{name}\""))) };
            let tensor = entry.tensor()?;
            if tensor.ty() != leaf.ty() {
                return Err(fault(format!("\"{name}\" is {} in the archive, {} is needed", tensor.ty(), leaf.ty())));
            }
            Ok(tensor)
        })
    }
}

fn joined(prefix: &str, name: &str) -> String {
    match (prefix, name) {
        ("", name) => name.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, name) => format!("{prefix}.{name}"),
    }
}

//! The space of parameters: which coordinates of a flat vector are which leaf of the model.

use std::ops::Range;

use quadric_autodiff::{DType, Tensor, Tree, Type};

use crate::error::{Error, bail};

/// The coordinates of one leaf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coordinates {
    /// The leaf's path, `layers.0.weight`.
    pub name: String,
    /// Its dtype and shape.
    pub ty: Type,
    /// Where it lies in a flat vector; row-major.
    pub range: Range<usize>,
    /// Its place among all leaves of the model.
    leaf: usize,
}

/// Names, shapes and dtypes of a model's float leaves, laid end to end in the order of the declaration.
///
/// Leaves of integers and bools are no parameters: they have no coordinates and stay what they are.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, tensor};
/// use quadric_curvature::Space;
/// let model = (tensor![[1.0, 2.0], [3.0, 4.0]], vec![tensor![5.0]]);
/// let space = Space::of(&model);
/// assert_eq!(space.dim(), 5);
/// assert_eq!(space.flatten(&model)?, [1.0, 2.0, 3.0, 4.0, 5.0]);
/// assert_eq!(space.range("1.0")?, 4..5);
/// assert_eq!(space.unflatten(&model, &[0.0, 0.0, 0.0, 0.0, 1.0])?.1[0], tensor![1.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space {
    coordinates: Vec<Coordinates>,
    types: Vec<Type>,
    dim: usize,
}

impl Space {
    /// The space of a model's float leaves.
    pub fn of<T: Tree<Leaf = Tensor>>(model: &T) -> Space {
        let types: Vec<Type> = model.leaves().into_iter().map(|t| t.ty().clone()).collect();
        let mut coordinates = Vec::new();
        let mut dim = 0;
        for (leaf, (name, ty)) in model.leaf_names().into_iter().zip(&types).enumerate() {
            if ty.dtype.is_float() {
                let range = dim..dim + ty.shape.size();
                dim = range.end;
                coordinates.push(Coordinates { name, ty: ty.clone(), range, leaf });
            }
        }
        Space { coordinates, types, dim }
    }

    /// The number of parameters.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// The float leaves, in order.
    pub fn coordinates(&self) -> &[Coordinates] {
        &self.coordinates
    }

    /// For every leaf of the model, whether it has coordinates.
    pub(crate) fn moves(&self) -> Vec<bool> {
        self.types.iter().map(|t| t.dtype.is_float()).collect()
    }

    /// The coordinates of the leaves called `name`, or that lie under it: `layers.0` covers `layers.0.weight` and
    /// `layers.0.bias`, which lie side by side.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) if there are none.
    pub fn range(&self, name: &str) -> Result<Range<usize>, Error> {
        let under = |c: &&Coordinates| c.name == name || name.is_empty() || c.name.starts_with(&format!("{name}."));
        let ranges: Vec<&Range<usize>> = self.coordinates.iter().filter(under).map(|c| &c.range).collect();
        match (ranges.first(), ranges.last()) {
            (Some(first), Some(last)) => Ok(first.start..last.end),
            _ => {
                let names: Vec<&str> = self.coordinates.iter().map(|c| c.name.as_str()).collect();
                bail!(Selection, "no parameter is called \"{name}\"; there are {}", names.join(", "))
            }
        }
    }

    /// The parameters of a model as one vector.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`](crate::ErrorKind::Structure) if the leaves are not of this space.
    pub fn flatten<T: Tree<Leaf = Tensor>>(&self, model: &T) -> Result<Vec<f64>, Error> {
        let leaves = model.leaves();
        self.check(&leaves)?;
        Ok(self.coordinates.iter().flat_map(|c| leaves[c.leaf].to_f64_vec()).collect())
    }

    /// `model` with the parameters `v`, rounded to the leaves' dtypes.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) or [`Symmetry`](crate::ErrorKind::Structure).
    pub fn unflatten<T: Tree<Leaf = Tensor, With<Tensor> = T>>(&self, model: &T, v: &[f64]) -> Result<T, Error> {
        let mut leaves: Vec<Tensor> = model.leaves().into_iter().cloned().collect();
        self.check(&leaves.iter().collect::<Vec<_>>())?;
        for (c, tensor) in self.coordinates.iter().zip(self.tensors(v)?) {
            leaves[c.leaf] = tensor;
        }
        Ok(model.with_leaves::<Tensor>(leaves))
    }

    pub(crate) fn check(&self, leaves: &[&Tensor]) -> Result<(), Error> {
        if leaves.len() != self.types.len() {
            bail!(Structure, "the problem's model has {} leaves, this one has {}", self.types.len(), leaves.len());
        }
        for (i, (leaf, ty)) in leaves.iter().zip(&self.types).enumerate() {
            if leaf.ty() != ty {
                let name = self.coordinates.iter().find(|c| c.leaf == i).map_or("", |c| c.name.as_str());
                bail!(Structure, "the problem's leaf {i} \"{name}\" is {ty}, this one is {}", leaf.ty());
            }
        }
        Ok(())
    }

    /// The parameters of a list of leaves that fit.
    pub(crate) fn flat(&self, leaves: &[Tensor]) -> Vec<f64> {
        self.coordinates.iter().flat_map(|c| leaves[c.leaf].to_f64_vec()).collect()
    }

    /// The leaves with the parameters replaced.
    pub(crate) fn replaced(&self, leaves: &[Tensor], v: &[f64]) -> Result<Vec<Tensor>, Error> {
        let mut leaves = leaves.to_vec();
        for (c, tensor) in self.coordinates.iter().zip(self.tensors(v)?) {
            leaves[c.leaf] = tensor;
        }
        Ok(leaves)
    }

    /// One tensor a float leaf.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension).
    pub fn tensors(&self, v: &[f64]) -> Result<Vec<Tensor>, Error> {
        check_dim(v.len(), self.dim)?;
        Ok(self.coordinates.iter().map(|c| tensor_of(c.ty.dtype, c.ty.shape.to_vec(), &v[c.range.clone()])).collect())
    }

    /// One tensor a float leaf, with the `k` vectors along axis 0.
    pub(crate) fn stacked(&self, block: &[Vec<f64>]) -> Result<Vec<Tensor>, Error> {
        for v in block {
            check_dim(v.len(), self.dim)?;
        }
        let stack = |c: &Coordinates| {
            let size = c.range.len();
            let shape = [&[block.len()], &c.ty.shape[..]].concat();
            Tensor::from_fn(c.ty.dtype, shape, |i| block[i / size.max(1)][c.range.start + i % size.max(1)])
        };
        Ok(self.coordinates.iter().map(stack).collect())
    }

    /// `out[j] ← out[j] + weight · (vector j of the stacked float leaves)`.
    pub(crate) fn add_stacked(&self, weight: f64, leaves: &[Tensor], out: &mut [Vec<f64>]) {
        for (c, leaf) in self.coordinates.iter().zip(leaves) {
            let size = c.range.len();
            let place = |i: usize| (i / size, c.range.start + i % size);
            match leaf.dtype() {
                DType::F32 => leaf.as_slice::<f32>().iter().enumerate().for_each(|(i, x)| {
                    let (j, p) = place(i);
                    out[j][p] += weight * f64::from(*x);
                }),
                _ => leaf.as_slice::<f64>().iter().enumerate().for_each(|(i, x)| {
                    let (j, p) = place(i);
                    out[j][p] += weight * x;
                }),
            }
        }
    }
}

pub(crate) fn tensor_of(dtype: DType, shape: Vec<usize>, values: &[f64]) -> Tensor {
    Tensor::from_fn(dtype, shape, |i| values[i])
}

pub(crate) fn check_dim(got: usize, wanted: usize) -> Result<(), Error> {
    if got != wanted {
        bail!(Dimension, "the operator takes vectors of {wanted} entries, this one has {got}");
    }
    Ok(())
}

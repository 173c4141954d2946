//! Rows of a table by their number.

use rand_chacha::rand_core::Rng;
use rand_distr::{Distribution, StandardNormal};

use quadric_autodiff::trace::{Var, select, stop};
use quadric_autodiff::{DType, Error, ErrorKind, Shape, Tensor, Tree};

use super::check::same_dtype;
use super::layer::stateless;
use crate::LIBRARY;

/// `i ↦ E[i]`, a row of the table `E: [N, D]` for each index: tokens as vectors.
///
/// With a *padding* index, that index gives zeros whatever its row holds, and its row has no derivative. (PyTorch's `padding_idx` gives the row, which
/// begins as zeros and has no gradient: the same, as long as nobody writes to it.)
///
/// # Example
/// ```
/// use quadric_autodiff::{DType, tensor, trace::{Var, compile, constant, grad}};
/// use quadric_nn::{Embedding, generator};
/// let mut table = Embedding::new(3, 2, DType::F64, &mut generator(1));
/// table.weight = tensor![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
/// let rows = compile(|(e, i): (Embedding<Var>, Var)| e.apply(i)).call((table.clone(), tensor![2, 0, 2]))?;
/// assert_eq!(rows, tensor![[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]]);
///
/// let g = grad(|e: Embedding<Var>| e.apply(constant(&tensor![2, 0, 2])).sum(), &table)?;
/// assert_eq!(g.weight, tensor![[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Embedding<T = Tensor> {
    /// `E: [N, D]`.
    pub weight: T,
    /// The index that stands for nothing, if there is one.
    pub padding: Option<usize>,
}

impl Embedding<Tensor> {
    /// N rows of width D, drawn from `N(0, 1)` as PyTorch's.
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn new(entries: usize, width: usize, dtype: DType, rng: &mut impl Rng) -> Embedding {
        Embedding::with_deviation(entries, width, 1.0, dtype, rng)
    }

    /// N rows of width D, drawn from `N(0, deviation²)`: 0.02 is usual where the table gives the logits too ([`attend`](Embedding::attend)).
    ///
    /// # Panics
    /// If `dtype` is no float.
    pub fn with_deviation(entries: usize, width: usize, deviation: f64, dtype: DType, rng: &mut impl Rng) -> Embedding {
        Embedding { weight: normal([entries, width], deviation, dtype, rng), padding: None }
    }

    /// The same table with an index that stands for nothing; its row is set to 0.
    ///
    /// # Panics
    /// If the table has no such row.
    #[must_use]
    pub fn with_padding(self, index: usize) -> Embedding {
        let shape = self.weight.shape().clone();
        assert!(index < shape[0], "Embedding: the padding index {index} is none of the {} rows", shape[0]);
        let (row, old) = (index * shape[1]..(index + 1) * shape[1], self.weight.to_f64_vec());
        let weight = Tensor::from_fn(self.weight.dtype(), shape, |i| if row.contains(&i) { 0.0 } else { old[i] });
        Embedding { weight, padding: Some(index) }
    }
}

/// An array drawn from `N(0, deviation²)` in f64, entry by entry, and rounded: f32 and f64 models of one seed begin at the same point.
pub(crate) fn normal(shape: impl Into<Shape>, deviation: f64, dtype: DType, rng: &mut impl Rng) -> Tensor {
    Tensor::from_fn(dtype, shape, |_| {
        let normal: f64 = StandardNormal.sample(rng);
        deviation * normal
    })
}

impl Embedding<Var> {
    /// The rows of these indices.
    ///
    /// # Shapes
    /// `index: i32[…]`, result `[…, D]`.
    ///
    /// # Errors
    /// Stops the trace if the indices are no `i32`; an index outside `0..N` is an error of the run.
    #[track_caller]
    pub fn apply(&self, index: Var) -> Var {
        LIBRARY.scope("embedding", || {
            let ty = index.ty();
            if ty.dtype != DType::I32 {
                stop(Error::new(ErrorKind::DType, format!("embedding: the indices are {ty}, i32 is needed")));
            }
            let width = self.weight.shape()[1];
            let shape = [&ty.shape[..], &[width]].concat();
            let rows = self.weight.gather(index.reshape([ty.shape.size()]), 0).reshape(shape);
            match self.padding {
                Some(padding) => select(index.equal(padding as f64).expand_dims(&[-1]), 0.0, rows),
                None => rows,
            }
        })
    }

    /// `h Eᵀ`: how much each row is meant, the table as the last layer of a model that begins with it ([Press & Wolf 2017]). Weights that are
    /// tied so are shared: the Hessian's multilinear part has a trace.
    ///
    /// # Shapes
    /// `h: […, D]`, result `[…, N]`.
    ///
    /// # Errors
    /// Stops the trace if the last axis of `h` is not of size D, or `h` is of another dtype than E.
    ///
    /// [Press & Wolf 2017]: https://arxiv.org/abs/1608.05859
    #[track_caller]
    pub fn attend(&self, h: Var) -> Var {
        LIBRARY.scope("attend", || {
            same_dtype("embedding", h, self.weight);
            let (ty, table) = (h.ty(), self.weight.ty());
            if ty.shape.rank() == 0 || ty.shape.last() != table.shape.last() {
                let what = format!("embedding: the last axis of {ty} is not the width of the table {table}");
                stop(Error::new(ErrorKind::Shape, what));
            }
            h.matmul(self.weight.t())
        })
    }
}

stateless!(Embedding);

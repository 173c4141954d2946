//! Vectors and matrices: inner and outer products, diagonals, triangles.

use super::{Var, iota, select};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind};
use crate::trace::stop;

impl Var {
    /// The outer product of two vectors, `[n]` and `[m]` to `[n, m]`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|(a, b): (Var, Var)| a.outer(b)).call((tensor![1.0, 2.0], tensor![3.0, 4.0]))?;
    /// assert_eq!(y, tensor![[3.0, 4.0], [6.0, 8.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn outer(self, other: Var) -> Var {
        if self.shape().rank() != 1 || other.shape().rank() != 1 {
            let what = format!("outer: two vectors are needed, not {} and {}", self.ty(), other.ty());
            stop(Error::new(ErrorKind::Shape, what));
        }
        self.expand_dims(&[1]) * other
    }

    /// The diagonal matrices of vectors, `[…, n]` to `[…, n, n]`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.diag()).call(tensor![1.0, 2.0])?;
    /// assert_eq!(y, tensor![[1.0, 0.0], [0.0, 2.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn diag(self) -> Var {
        let shape = self.shape();
        let Some(n) = shape.last().copied() else {
            stop(Error::new(ErrorKind::Shape, format!("diag: {} is no vector", self.ty())))
        };
        let square = shape.inserted(shape.rank(), n);
        let (row, column) = (iota(DType::I32, [n, n], 0), iota(DType::I32, [n, n], 1));
        let entries = self.expand_dims(&[-1]).broadcast_to(square);
        select(row.equal(column), entries, entries.zeros_like())
    }

    /// The diagonals of matrices, `[…, n, m]` to `[…, min(n, m)]`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// let g = grad(|x: Var| x.diagonal().sum(), &tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(g, tensor![[1.0, 0.0], [0.0, 1.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn diagonal(self) -> Var {
        let shape = self.shape();
        let (rows, columns) = self.matrix_sizes("diagonal");
        let n = rows.min(columns);
        let square = self.slice(-1, 0..n).slice(-2, 0..n);
        // In row-major order every n + 1-st entry lies on the diagonal: a row longer by one has them in a column.
        let mut flat = shape[..shape.rank() - 2].to_vec();
        if n == 0 {
            flat.push(0);
            return square.reshape(flat);
        }
        let mut wide = flat.clone();
        flat.push(n * n);
        wide.extend([n, n + 1]);
        square.reshape(flat).pad(-1, 0, n).reshape(wide).slice(-1, 0..1).squeeze(&[-1])
    }

    /// The traces of matrices, `[…, n, m]` to `[…]`.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Tensor, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.trace()).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, Tensor::scalar(5.0));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn trace(self) -> Var {
        self.diagonal().sum_axes(&[-1])
    }

    /// Matrices with zeros above the `k`-th diagonal (0 is the main one, 1 the one above it).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.tril(0)).call(tensor![[1.0, f64::NAN], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![[1.0, 0.0], [3.0, 4.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn tril(self, k: i32) -> Var {
        let (above, k) = self.distance_to_diagonal("tril", k);
        select(above.le(k), self, self.zeros_like())
    }

    /// Matrices with zeros below the `k`-th diagonal (0 is the main one, 1 the one above it).
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.triu(1)).call(tensor![[1.0, 2.0], [3.0, 4.0]])?;
    /// assert_eq!(y, tensor![[0.0, 2.0], [0.0, 0.0]]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn triu(self, k: i32) -> Var {
        let (above, k) = self.distance_to_diagonal("triu", k);
        select(above.ge(k), self, self.zeros_like())
    }

    /// `column − row` of every place of the matrices, and k kept to the distances that there are.
    #[track_caller]
    fn distance_to_diagonal(self, name: &str, k: i32) -> (Var, i32) {
        let (rows, columns) = self.matrix_sizes(name);
        let shape = [rows, columns];
        let within = k.clamp(-i32::try_from(rows).unwrap_or(i32::MAX), i32::try_from(columns).unwrap_or(i32::MAX));
        (iota(DType::I32, shape, 1) - iota(DType::I32, shape, 0), within)
    }

    /// The sizes of the last two axes.
    #[track_caller]
    fn matrix_sizes(self, name: &str) -> (usize, usize) {
        match self.shape()[..] {
            [.., rows, columns] => (rows, columns),
            _ => stop(Error::new(ErrorKind::Shape, format!("{name}: {} is no matrix", self.ty()))),
        }
    }
}

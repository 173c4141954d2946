//! A matrix with all its entries: the reference of every test, and an operator like the others.

use super::{LinearOperator, Symmetry};
use crate::eigen::symmetric_eigen;
use crate::error::{Error, bail};
use crate::space::check_dim;
use crate::vector::dot;

/// A dense matrix, row-major.
///
/// # Example
/// ```
/// use quadric_curvature::operators::{Dense, Damped};
/// let a = Dense::symmetric(2, vec![2.0, 1.0, 1.0, 2.0])?;
/// assert_eq!((a.trace(), a.frobenius_norm()), (4.0, 10f64.sqrt()));
/// let shifted = Dense::of(Damped::new(a, 1.0))?;
/// assert!((shifted.eigenvalues()?[1] - 4.0).abs() < 1e-14);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Dense {
    rows: usize,
    columns: usize,
    entries: Vec<f64>,
    structure: Symmetry,
}

impl Dense {
    /// The matrix with these entries, row after row. Nothing is assumed of it.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) if there are not `rows · columns` entries.
    pub fn new(rows: usize, columns: usize, entries: Vec<f64>) -> Result<Dense, Error> {
        if entries.len() != rows * columns {
            bail!(Dimension, "a {rows}×{columns} matrix has {} entries, not {}", rows * columns, entries.len());
        }
        Ok(Dense { rows, columns, entries, structure: Symmetry::default() })
    }

    /// A symmetric matrix.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) if there are not `n²` entries,
    /// [`ErrorKind::Argument`](crate::ErrorKind::Argument) if they are not symmetric, to the bit.
    pub fn symmetric(n: usize, entries: Vec<f64>) -> Result<Dense, Error> {
        let mut dense = Dense::new(n, n, entries)?;
        if dense.asymmetry() != 0.0 {
            bail!(Argument, "Dense::symmetric: the entries are not symmetric");
        }
        dense.structure = Symmetry::SYMMETRIC;
        Ok(dense)
    }

    /// All entries of an operator: its products with the unit vectors. For small ones.
    ///
    /// # Errors
    /// The operator's.
    pub fn of(mut operator: impl LinearOperator) -> Result<Dense, Error> {
        let (rows, columns) = (operator.rows(), operator.dim());
        let unit = |j: usize| (0..columns).map(|i| f64::from(u8::from(i == j))).collect();
        let products = operator.apply_block(&(0..columns).map(unit).collect::<Vec<_>>())?;
        let mut entries = vec![0.0; rows * columns];
        for (j, column) in products.iter().enumerate() {
            for (i, x) in column.iter().enumerate() {
                entries[i * columns + j] = *x;
            }
        }
        Ok(Dense { rows, columns, entries, structure: operator.symmetry() })
    }

    /// The entry in row i and column j.
    ///
    /// # Panics
    /// If there is none.
    pub fn at(&self, i: usize, j: usize) -> f64 {
        assert!(i < self.rows && j < self.columns, "({i}, {j}) is outside a {}×{} matrix", self.rows, self.columns);
        self.entries[i * self.columns + j]
    }

    /// The entries, row after row.
    pub fn entries(&self) -> &[f64] {
        &self.entries
    }

    /// The diagonal.
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.rows.min(self.columns)).map(|i| self.at(i, i)).collect()
    }

    /// The sum of the diagonal.
    pub fn trace(&self) -> f64 {
        self.diagonal().iter().sum()
    }

    /// `√Σ a_ij²`
    pub fn frobenius_norm(&self) -> f64 {
        crate::vector::norm(&self.entries)
    }

    /// The largest `|a_ij − a_ji|`; infinite if the matrix is not square.
    pub fn asymmetry(&self) -> f64 {
        if self.rows != self.columns {
            return f64::INFINITY;
        }
        let pairs = (0..self.rows).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.map(|(i, j)| (self.at(i, j) - self.at(j, i)).abs()).fold(0.0, f64::max)
    }

    /// `self + alpha · other`
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) if their sizes differ.
    pub fn plus(&self, alpha: f64, other: &Dense) -> Result<Dense, Error> {
        if (self.rows, self.columns) != (other.rows, other.columns) {
            let (r, c) = (other.rows, other.columns);
            bail!(Dimension, "a {}×{} matrix plus one of {r}×{c}", self.rows, self.columns);
        }
        let mut sum = self.clone();
        crate::vector::axpy(alpha, &other.entries, &mut sum.entries);
        sum.structure.semidefinite = false;
        sum.structure.symmetric &= other.structure.symmetric;
        Ok(sum)
    }

    /// The eigenvalues of the symmetric part `½(A + Aᵀ)`, ascending.
    ///
    /// # Errors
    /// As [`symmetric_eigen`].
    pub fn eigenvalues(&self) -> Result<Vec<f64>, Error> {
        Ok(self.eigen()?.0)
    }

    /// The eigenvalues of the symmetric part, ascending, and their eigenvectors.
    ///
    /// # Errors
    /// As [`symmetric_eigen`].
    pub fn eigen(&self) -> Result<(Vec<f64>, Vec<Vec<f64>>), Error> {
        let n = self.rows;
        if n != self.columns {
            bail!(Dimension, "a {n}×{} matrix has no eigenvalues", self.columns);
        }
        let half: Vec<f64> = (0..n * n).map(|k| 0.5 * (self.at(k / n, k % n) + self.at(k % n, k / n))).collect();
        symmetric_eigen(n, &half)
    }
}

impl LinearOperator for Dense {
    fn dim(&self) -> usize {
        self.columns
    }

    fn rows(&self) -> usize {
        self.rows
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        check_dim(v.len(), self.columns)?;
        Ok((0..self.rows).map(|i| dot(&self.entries[i * self.columns..(i + 1) * self.columns], v)).collect())
    }

    fn symmetry(&self) -> Symmetry {
        self.structure
    }
}

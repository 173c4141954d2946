//! Operators one after the other.

use super::{LinearOperator, Symmetry};
use crate::error::{Error, bail};

/// `A B`: first B, then A. Nothing is known of its structure.
///
/// # Example
/// ```
/// use quadric_curvature::{LinearOperator, operators::{Dense, Product}};
/// let a = Dense::symmetric(2, vec![1.0, 0.0, 0.0, 0.0])?;
/// let b = Dense::symmetric(2, vec![0.0, 2.0, 2.0, 0.0])?;
/// assert_eq!(Product::new(a, b)?.apply(&[1.0, 1.0])?, [2.0, 0.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Product<A, B>(A, B);

impl<A: LinearOperator, B: LinearOperator> Product<A, B> {
    /// `a b`
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) if b has other rows than a has columns.
    pub fn new(a: A, b: B) -> Result<Product<A, B>, Error> {
        if a.dim() != b.rows() {
            bail!(Dimension, "product: the left has {} columns, the right {} rows", a.dim(), b.rows());
        }
        Ok(Product(a, b))
    }
}

impl<A: LinearOperator, B: LinearOperator> LinearOperator for Product<A, B> {
    fn dim(&self) -> usize {
        self.1.dim()
    }

    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        let middle = self.1.apply(v)?;
        self.0.apply(&middle)
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let middle = self.1.apply_block(block)?;
        self.0.apply_block(&middle)
    }

    fn symmetry(&self) -> Symmetry {
        Symmetry::default()
    }
}

//! Operators added.

use super::{LinearOperator, Symmetry};
use crate::error::{Error, bail};
use crate::vector::axpy;

/// `A + B`
///
/// # Example
/// ```
/// use quadric_curvature::{LinearOperator, operators::{Dense, Sum}};
/// let a = Dense::symmetric(2, vec![1.0, 0.0, 0.0, 0.0])?;
/// let b = Dense::symmetric(2, vec![0.0, 2.0, 2.0, 0.0])?;
/// assert_eq!(Sum::new(a, b)?.apply(&[1.0, 1.0])?, [3.0, 2.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sum<A, B>(A, B);

impl<A: LinearOperator, B: LinearOperator> Sum<A, B> {
    /// `a + b`
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) if their sizes differ.
    pub fn new(a: A, b: B) -> Result<Sum<A, B>, Error> {
        if (a.rows(), a.dim()) != (b.rows(), b.dim()) {
            let (ra, ca, rb, cb) = (a.rows(), a.dim(), b.rows(), b.dim());
            bail!(Dimension, "sum: the first is {ra}×{ca}, the second {rb}×{cb}");
        }
        Ok(Sum(a, b))
    }
}

impl<A: LinearOperator, B: LinearOperator> LinearOperator for Sum<A, B> {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn rows(&self) -> usize {
        self.0.rows()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let mut products = self.0.apply_block(block)?;
        let more = self.1.apply_block(block)?;
        products.iter_mut().zip(&more).for_each(|(a, b)| axpy(1.0, b, a));
        Ok(products)
    }

    fn symmetry(&self) -> Symmetry {
        let (a, b) = (self.0.symmetry(), self.1.symmetry());
        Symmetry { symmetric: a.symmetric && b.symmetric, semidefinite: a.semidefinite && b.semidefinite }
    }
}

//! An operator times a number.

use super::{LinearOperator, Symmetry};
use crate::error::Error;

/// `α A`
///
/// # Example
/// ```
/// use quadric_curvature::{LinearOperator, operators::{Dense, Scaled}};
/// let a = Dense::symmetric(2, vec![0.0, 1.0, 1.0, 0.0])?;
/// assert_eq!(Scaled::new(a, -3.0).apply(&[1.0, 2.0])?, [-6.0, -3.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scaled<A> {
    operator: A,
    alpha: f64,
}

impl<A: LinearOperator> Scaled<A> {
    /// `alpha · operator`
    pub fn new(operator: A, alpha: f64) -> Scaled<A> {
        Scaled { operator, alpha }
    }
}

impl<A: LinearOperator> LinearOperator for Scaled<A> {
    fn dim(&self) -> usize {
        self.operator.dim()
    }

    fn rows(&self) -> usize {
        self.operator.rows()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let mut products = self.operator.apply_block(block)?;
        products.iter_mut().flatten().for_each(|x| *x *= self.alpha);
        Ok(products)
    }

    fn symmetry(&self) -> Symmetry {
        let Symmetry { symmetric, semidefinite } = self.operator.symmetry();
        Symmetry { symmetric, semidefinite: semidefinite && self.alpha >= 0.0 }
    }
}

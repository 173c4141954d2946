//! An operator with something added along its diagonal.

use super::{LinearOperator, Symmetry};
use crate::error::Error;
use crate::vector::axpy;

/// `A + λ I`: Tikhonov damping.
///
/// # Example
/// ```
/// use quadric_curvature::{LinearOperator, operators::{Damped, Dense}};
/// let a = Dense::symmetric(2, vec![0.0, 1.0, 1.0, 0.0])?;
/// assert_eq!(Damped::new(a, 0.5).apply(&[1.0, 0.0])?, [0.5, 1.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Damped<A> {
    operator: A,
    damping: f64,
}

impl<A: LinearOperator> Damped<A> {
    /// `operator + damping · I`
    pub fn new(operator: A, damping: f64) -> Damped<A> {
        Damped { operator, damping }
    }

    /// The operator again.
    pub fn into_inner(self) -> A {
        self.operator
    }
}

impl<A: LinearOperator> LinearOperator for Damped<A> {
    fn dim(&self) -> usize {
        self.operator.dim()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        let mut product = self.operator.apply(v)?;
        axpy(self.damping, v, &mut product);
        Ok(product)
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let mut products = self.operator.apply_block(block)?;
        products.iter_mut().zip(block).for_each(|(product, v)| axpy(self.damping, v, product));
        Ok(products)
    }

    fn symmetry(&self) -> Symmetry {
        let Symmetry { symmetric, semidefinite } = self.operator.symmetry();
        Symmetry { symmetric, semidefinite: semidefinite && self.damping >= 0.0 }
    }
}

//! The block of an operator that belongs to some of the coordinates.

use std::ops::Range;

use super::{LinearOperator, Symmetry};
use crate::error::{Error, bail};
use crate::space::{Space, check_dim};

/// `Pᵀ A P`, with P the embedding of a range of coordinates: the block of one layer's parameters.
///
/// # Example
/// ```
/// use quadric_curvature::{LinearOperator, operators::{Block, Dense}};
/// let a = Dense::symmetric(3, vec![1.0, 2.0, 3.0, 2.0, 4.0, 5.0, 3.0, 5.0, 6.0])?;
/// assert_eq!(Block::new(a, 1..3)?.apply(&[1.0, 0.0])?, [4.0, 5.0]);
/// # Ok::<(), quadric_curvature::Error>(())
/// ```
#[derive(Debug)]
pub struct Block<A> {
    operator: A,
    range: Range<usize>,
}

impl<A: LinearOperator> Block<A> {
    /// The block of these rows and columns.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) if the operator does not have them.
    pub fn new(operator: A, range: Range<usize>) -> Result<Block<A>, Error> {
        if range.start > range.end || range.end > operator.dim() || operator.rows() != operator.dim() {
            let (rows, columns) = (operator.rows(), operator.dim());
            bail!(Dimension, "rows and columns {range:?} are no block of a {rows}×{columns} operator");
        }
        Ok(Block { operator, range })
    }

    /// The block of the parameters called `name`, or that lie under it: `layers.0`.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`](crate::ErrorKind::Selection) if there are none.
    pub fn of_leaves(operator: A, space: &Space, name: &str) -> Result<Block<A>, Error> {
        Block::new(operator, space.range(name)?)
    }

    /// The operator again.
    pub fn into_inner(self) -> A {
        self.operator
    }
}

impl<A: LinearOperator> LinearOperator for Block<A> {
    fn dim(&self) -> usize {
        self.range.len()
    }

    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> {
        Ok(self.apply_block(&[v.to_vec()])?.swap_remove(0))
    }

    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        let mut whole = vec![vec![0.0; self.operator.dim()]; block.len()];
        for (whole, v) in whole.iter_mut().zip(block) {
            check_dim(v.len(), self.range.len())?;
            whole[self.range.clone()].copy_from_slice(v);
        }
        let products = self.operator.apply_block(&whole)?;
        Ok(products.iter().map(|p| p[self.range.clone()].to_vec()).collect())
    }

    fn symmetry(&self) -> Symmetry {
        self.operator.symmetry()
    }
}

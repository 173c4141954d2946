//! Some examples at once, ready for a compiled step.

use quadric_autodiff::trace::{Var, stop};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree};

use super::{DataError, DataErrorKind};

/// Some examples: what a step is called with. A tree, so that a compiled function takes it whole.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, compile}};
/// use quadric_nn::{data::{Batch, Dataset, Targets}, mse};
/// let set = Dataset::new("line", tensor![[1.0], [2.0], [3.0]], Targets::Numbers(tensor![[2.0], [4.0], [7.0]]))?;
/// let mut loss = compile(|(slope, batch): (Var, Batch<Var>)| {
///     mse(batch.inputs * slope, batch.target()).mean()
/// });
/// assert_eq!(loss.call((tensor![2.0], set.batch(&[0, 2])?))?.item(), 0.25); // of 0 and 1, halved as `mse` has it
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[derive(Tree, Clone, Debug, PartialEq)]
pub struct Batch<T = Tensor> {
    /// `[B, …]`.
    pub inputs: T,
    /// `[B, …]`: labels `i32` or numbers.
    pub targets: Option<T>,
    /// `[B]`: how much each example counts.
    pub weights: Option<T>,
    /// `bool[B, …]`: which places count.
    pub mask: Option<T>,
}

impl Batch {
    /// Inputs alone.
    pub fn new(inputs: Tensor) -> Batch {
        Batch { inputs, targets: None, weights: None, mask: None }
    }

    /// Inputs and targets.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if there are no targets, or if there are weights or a mask, which the pair would drop.
    pub fn pair(self) -> Result<(Tensor, Tensor), DataError> {
        let fault = |what: &str| Err(DataError::new(DataErrorKind::Mismatch, format!("a pair of a batch: {what}")));
        if self.weights.is_some() || self.mask.is_some() {
            return fault("it has weights or a mask, which a pair has no place for; take its fields");
        }
        match self.targets {
            Some(targets) => Ok((self.inputs, targets)),
            None => fault("it has no targets"),
        }
    }
}

impl Batch<Var> {
    /// The targets.
    ///
    /// # Errors
    /// Stops the trace with [`ErrorKind::Data`] if the batch has none.
    #[track_caller]
    pub fn target(&self) -> Var {
        match self.targets {
            Some(targets) => targets,
            None => stop(Error::new(ErrorKind::Data, "the targets of a batch were asked for, and it has none")),
        }
    }
}

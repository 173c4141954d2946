//! What stands beside a tensor in a method: another, or a number.

use quadric_derive::Tree;

use crate::tensor::Tensor;
use crate::trace::{IntoOperand, Var};

/// An array, or a number that takes the dtype of the array beside it; outside a trace what [`IntoOperand`] is inside.
///
/// # Example
/// ```
/// use quadric_autodiff::{Error, tensor};
/// let x = tensor![-1.0, 3.0];
/// assert_eq!(x.maximum(0.0)?, tensor![0.0, 3.0]);
/// assert_eq!(x.maximum(&tensor![[0.0], [2.0]])?, tensor![[0.0, 3.0], [2.0, 3.0]]);
/// # Ok::<(), Error>(())
/// ```
#[derive(Tree, Clone, Debug)]
pub enum Operand<T = Tensor> {
    /// An array.
    Array(T),
    /// A number.
    Number(f64),
}

impl From<Tensor> for Operand {
    fn from(x: Tensor) -> Operand {
        Operand::Array(x)
    }
}

impl From<&Tensor> for Operand {
    fn from(x: &Tensor) -> Operand {
        Operand::Array(x.clone())
    }
}

impl From<f64> for Operand {
    fn from(x: f64) -> Operand {
        Operand::Number(x)
    }
}

impl From<i32> for Operand {
    fn from(x: i32) -> Operand {
        Operand::Number(f64::from(x))
    }
}

impl IntoOperand for Operand<Var> {
    #[track_caller]
    fn into_operand(self, like: Var) -> Var {
        match self {
            Operand::Array(x) => x,
            Operand::Number(x) => like.number(x),
        }
    }

    fn as_var(&self) -> Option<Var> {
        match self {
            Operand::Array(x) => Some(*x),
            Operand::Number(_) => None,
        }
    }

    fn as_number(&self) -> Option<f64> {
        match self {
            Operand::Array(_) => None,
            Operand::Number(x) => Some(*x),
        }
    }
}

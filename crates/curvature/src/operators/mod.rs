//! Matrices that are only ever multiplied: an operator a file.

mod activation_nme;
mod block;
mod damped;
mod dense;
mod empirical_fisher;
mod fisher;
mod gauss_newton;
mod hessian;
mod inverse;
mod jacobian;
mod layer;
mod multilinear_nme;
mod nme;
mod ntk;
mod outer;
mod part;
mod product;
mod remainder;
mod scaled;
mod sum;

use quadric_autodiff::{Tensor, Tree};

use crate::error::Error;

pub use activation_nme::ActivationNme;
pub use block::Block;
pub use damped::Damped;
pub use dense::Dense;
pub use empirical_fisher::EmpiricalFisher;
pub use fisher::{Fisher, SampledFisher};
pub use gauss_newton::GaussNewton;
pub use hessian::Hessian;
pub use inverse::{CgError, CgFailure, CgInfo, CgParams, Inverse, cg, minres};
pub use jacobian::{Jacobian, JacobianTranspose};
pub use layer::{Layer, SourceLine};
pub use multilinear_nme::MultilinearNme;
pub use nme::Nme;
pub use ntk::Ntk;
pub use part::PartOperator;
pub use product::Product;
pub use remainder::Remainder;
pub use scaled::Scaled;
pub use sum::Sum;

/// What is known of an operator before it is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Symmetry {
    /// Whether `A = Aᵀ`.
    pub symmetric: bool,
    /// Whether `A` is known to be positive semidefinite; `false` says that nothing is known.
    pub semidefinite: bool,
}

impl Symmetry {
    /// Symmetric, of unknown sign.
    pub const SYMMETRIC: Symmetry = Symmetry { symmetric: true, semidefinite: false };
    /// Symmetric and positive semidefinite.
    pub const SEMIDEFINITE: Symmetry = Symmetry { symmetric: true, semidefinite: true };
}

/// A matrix of `rows() × dim()` entries that is known by its products.
///
/// Products take `&mut self`: an operator owns compiled programs and their buffers. `&mut A` and `Box<dyn LinearOperator>`
/// are operators too, so operators nest by value or by reference.
///
/// # Example
/// ```
/// use quadric_curvature::{Error, LinearOperator, Symmetry};
/// /// 2 I
/// struct Twice(usize);
/// impl LinearOperator for Twice {
///     fn dim(&self) -> usize { self.0 }
///     fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> { Ok(v.iter().map(|x| 2.0 * x).collect()) }
///     fn symmetry(&self) -> Symmetry { Symmetry::SEMIDEFINITE }
/// }
/// assert_eq!(Twice(2).apply_block(&[vec![1.0, 0.0], vec![0.0, 1.0]])?, [[2.0, 0.0], [0.0, 2.0]]);
/// # Ok::<(), Error>(())
/// ```
pub trait LinearOperator {
    /// The number of columns: how long the vectors are that it takes.
    fn dim(&self) -> usize;

    /// The number of rows: how long its products are. The same as `dim`, unless it says otherwise.
    fn rows(&self) -> usize {
        self.dim()
    }

    /// `A v`
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension) for a vector of another length; what the program has to say.
    fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error>;

    /// `A V`, column by column; operators with a program run the columns through it together.
    ///
    /// # Errors
    /// As [`apply`](LinearOperator::apply).
    fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> {
        block.iter().map(|v| self.apply(v)).collect()
    }

    /// What is known of it.
    fn symmetry(&self) -> Symmetry;
}

macro_rules! forwards {
    ($($for:tt)*) => {
        impl<$($for)* {
            fn dim(&self) -> usize { (**self).dim() }
            fn rows(&self) -> usize { (**self).rows() }
            fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, Error> { (**self).apply(v) }
            fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, Error> { (**self).apply_block(block) }
            fn symmetry(&self) -> Symmetry { (**self).symmetry() }
        }
    };
}
forwards!(A: LinearOperator + ?Sized> LinearOperator for &mut A);
forwards!(A: LinearOperator + ?Sized> LinearOperator for Box<A>);

/// An operator that hangs on a point in parameter space, and can be moved to another without tracing or compiling again.
pub trait AtPoint: LinearOperator {
    /// Moves to the parameters of `model`.
    ///
    /// # Errors
    /// [`ErrorKind::Structure`](crate::ErrorKind::Structure) if its leaves are not like the problem's.
    fn set_point<T: Tree<Leaf = Tensor>>(&mut self, model: &T) -> Result<(), Error>
    where
        Self: Sized,
    {
        self.set_leaves(model.leaves().into_iter().cloned().collect())
    }

    /// [`set_point`](AtPoint::set_point) with the leaves in order.
    ///
    /// # Errors
    /// As [`set_point`](AtPoint::set_point).
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error>;

    /// [`set_point`](AtPoint::set_point) with the parameters as one flat vector, rounded to the leaves' dtypes.
    ///
    /// # Errors
    /// [`ErrorKind::Dimension`](crate::ErrorKind::Dimension).
    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error>;
}

impl<A: AtPoint + ?Sized> AtPoint for Box<A> {
    fn set_leaves(&mut self, leaves: Vec<Tensor>) -> Result<(), Error> {
        (**self).set_leaves(leaves)
    }

    fn set_parameters(&mut self, theta: &[f64]) -> Result<(), Error> {
        (**self).set_parameters(theta)
    }
}

/// `LinearOperator` and `AtPoint` for a newtype, by its field.
macro_rules! by_its_field {
    ($name:ident) => {
        impl $crate::operators::LinearOperator for $name {
            fn dim(&self) -> usize {
                self.0.dim()
            }
            fn rows(&self) -> usize {
                self.0.rows()
            }
            fn apply(&mut self, v: &[f64]) -> Result<Vec<f64>, $crate::Error> {
                self.0.apply(v)
            }
            fn apply_block(&mut self, block: &[Vec<f64>]) -> Result<Vec<Vec<f64>>, $crate::Error> {
                self.0.apply_block(block)
            }
            fn symmetry(&self) -> $crate::operators::Symmetry {
                self.0.symmetry()
            }
        }

        impl $crate::operators::AtPoint for $name {
            fn set_leaves(&mut self, leaves: Vec<quadric_autodiff::Tensor>) -> Result<(), $crate::Error> {
                self.0.set_leaves(leaves)
            }
            fn set_parameters(&mut self, theta: &[f64]) -> Result<(), $crate::Error> {
                self.0.set_parameters(theta)
            }
        }
    };
}
use by_its_field;

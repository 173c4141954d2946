//! Arrays that are made and not computed.

use crate::dtype::DType;
use crate::error::Error;
use crate::shape::Shape;
use crate::tensor::Tensor;
use crate::trace::{self, Leaf};

methods! {
    fn zeros_like() -> Tensor;
    fn full_like(; x: f64) -> Tensor;
    fn random_bits(; shape: impl Into<Shape>) -> Tensor;
}

macro_rules! sources {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $ty:ty),+);)*) => {
        impl Tensor { $(
            #[doc = concat!("[`", stringify!($name), "`](trace::", stringify!($name), "), at once.")]
            ///
            /// # Errors
            /// What stops the trace there.
            ///
            $(#[$doc])*
            #[track_caller]
            pub fn $name($($argument: $ty),+) -> Result<Tensor, Error> {
                Tensor::enter(&Vec::<Tensor>::new(), |_| trace::$name($($argument),+))
            }
        )* }
    };
}

sources! {
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Error, Tensor, tensor};
    /// assert_eq!(Tensor::full(DType::F64, [2], 0.5)?, tensor![0.5, 0.5]);
    /// # Ok::<(), Error>(())
    /// ```
    fn full(dtype: DType, shape: impl Into<Shape>, x: f64);
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Error, Tensor, tensor};
    /// assert_eq!(Tensor::ones(DType::I32, [2])?, tensor![1, 1]);
    /// # Ok::<(), Error>(())
    /// ```
    fn ones(dtype: DType, shape: impl Into<Shape>);
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Error, Tensor, tensor};
    /// assert_eq!(Tensor::eye(DType::F64, 2)?, tensor![[1.0, 0.0], [0.0, 1.0]]);
    /// # Ok::<(), Error>(())
    /// ```
    fn eye(dtype: DType, n: usize);
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Error, Tensor, tensor};
    /// assert_eq!(Tensor::linspace(DType::F64, 0.0, 1.0, 3)?, tensor![0.0, 0.5, 1.0]);
    /// # Ok::<(), Error>(())
    /// ```
    fn linspace(dtype: DType, first: f64, last: f64, n: usize);
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, Error, Tensor, tensor};
    /// assert_eq!(Tensor::iota(DType::I32, [3], 0)?, tensor![0, 1, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    fn iota(dtype: DType, shape: impl Into<Shape>, along: isize);
}

//! Arithmetic of [`Tensor`]s outside a trace: the operators and methods of [`Var`](super::Var), run at once.
//!
//! A method has the name, the arguments and the bits of `Var`'s and returns a `Result`; each is traced, compiled and run by itself. The
//! operators `+ − * /` and the unary minus stand between tensors, references to them and `f64`s, broadcast, give a number the tensor's dtype, and
//! panic at the caller's line with the sentence of the error, as a `Result` could not be chained; inside a trace they stop
//! it. What a panic will not do for has `plus`, `minus`, `times` and `scale` of [`Arithmetic`](crate::Arithmetic).
//!
//! Tracing and compiling is paid for at every call. The time of a call over that of the same call compiled is 28 for `exp` of one number, 8
//! of a thousand, 1.3 of a hundred thousand, and 1.04 for a product of 256 × 256 matrices; for `norm_axes`, which is composed of a dozen
//! equations, 460, 200 and 9. What runs in a loop is for [`compile`](super::compile()).
//!
//! # Example
//! ```
//! use quadric_autodiff::{Error, tensor};
//! let (a, b) = (tensor![[2.0, 0.0], [0.0, 4.0]], tensor![2.0, 8.0]);
//! let x = a.solve(&b)?;
//! assert_eq!(x, tensor![1.0, 2.0]);
//! let residual = a.matmul(&x)? - &b;
//! assert_eq!(residual.abs()?.max_axes(&[0])?.item(), 0.0);
//! // Rows less their means, as in a trace: the shapes broadcast.
//! let rows = &a - a.mean_axes(&[1])?.expand_dims(&[1])?;
//! assert_eq!(rows / 2.0, tensor![[0.5, -0.5], [-1.0, 1.0]]);
//! let error = a.matmul(&tensor![1.0]).unwrap_err().to_string();
//! assert!(error.starts_with("matmul: inner sizes differ: lhs f64[2,2] has 2 columns, rhs f64[1] has 1 entries ("), "{error}");
//! # Ok::<(), Error>(())
//! ```

/// Methods of `Var` as methods of `Tensor`: `fn name(arrays; the other arguments) -> result;`.
macro_rules! methods {
    ($(fn $name:ident($($array:ident),* $(; $($argument:ident: $ty:ty),+)?) -> $result:ty;)*) => {
        impl Tensor { $(
            #[doc = concat!("[`Var::", stringify!($name), "`](crate::trace::Var::", stringify!($name), "), at once.")]
            ///
            /// # Errors
            /// What stops the trace there, and what the data decide.
            #[track_caller]
            pub fn $name(&self $(, $array: &Tensor)* $($(, $argument: $ty)+)?) -> Result<$result, Error> {
                let arrays = [self.clone() $(, $array.clone())*];
                Tensor::enter(&arrays, |[x $(, $array)*]| x.$name($($array,)* $($($argument),+)?))
            }
        )* }
    };
}

/// Likewise, with arguments that are arrays or numbers: `fn name(operands);`.
macro_rules! methods_with_operands {
    ($(fn $name:ident($($operand:ident),+);)*) => {
        impl Tensor { $(
            #[doc = concat!("[`Var::", stringify!($name), "`](crate::trace::Var::", stringify!($name), "), at once.")]
            ///
            /// # Errors
            /// What stops the trace there.
            #[track_caller]
            pub fn $name(&self $(, $operand: impl Into<Operand>)+) -> Result<Tensor, Error> {
                Tensor::enter(&(self.clone(), [$($operand.into()),+]), |(x, [$($operand),+])| x.$name($($operand),+))
            }
        )* }
    };
}

mod arrange;
mod linalg;
mod operand;
mod operators;
mod pointwise;
mod reduce;
mod source;

pub use operand::Operand;

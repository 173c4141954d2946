//! `+ − * /` and the unary minus.

use crate::tensor::Tensor;
use crate::trace::{Leaf, check};

macro_rules! operators {
    ($($trait:ident $method:ident $op:tt;)*) => { $(
        operators!(@two $trait $method $op; Tensor, Tensor);
        operators!(@two $trait $method $op; Tensor, &Tensor);
        operators!(@two $trait $method $op; &Tensor, Tensor);
        operators!(@two $trait $method $op; &Tensor, &Tensor);
        operators!(@impl $trait $method $op; Tensor, f64; |a, b| Tensor::enter(&a, |a| a $op b));
        operators!(@impl $trait $method $op; &Tensor, f64; |a, b| Tensor::enter(a, |a| a $op b));
        operators!(@impl $trait $method $op; f64, Tensor; |a, b| Tensor::enter(&b, |b| a $op b));
        operators!(@impl $trait $method $op; f64, &Tensor; |a, b| Tensor::enter(b, |b| a $op b));
    )* };
    (@two $trait:ident $method:ident $op:tt; $lhs:ty, $rhs:ty) => {
        operators!(@impl $trait $method $op; $lhs, $rhs; |a, b| Tensor::enter(&[a.clone(), b.clone()], |[a, b]| a $op b));
    };
    (@impl $trait:ident $method:ident $op:tt; $lhs:ty, $rhs:ty; |$a:ident, $b:ident| $result:expr) => {
        /// Entry by entry; shapes broadcast, and a number takes the tensor's dtype.
        ///
        /// # Panics
        /// At the caller's line, with the sentence of the error, if shapes do not broadcast, dtypes differ, or the dtype has no such number.
        impl std::ops::$trait<$rhs> for $lhs {
            type Output = Tensor;
            #[track_caller]
            fn $method(self, rhs: $rhs) -> Tensor {
                let ($a, $b) = (self, rhs);
                check($result)
            }
        }
    };
}

operators! {
    Add add +;
    Sub sub -;
    Mul mul *;
    Div div /;
}

/// Entry by entry.
///
/// # Panics
/// At the caller's line, with the sentence of the error, for a bool.
impl std::ops::Neg for &Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        check(Tensor::enter(self, |x| -x))
    }
}

/// Entry by entry.
///
/// # Panics
/// At the caller's line, with the sentence of the error, for a bool.
impl std::ops::Neg for Tensor {
    type Output = Tensor;
    #[track_caller]
    fn neg(self) -> Tensor {
        -&self
    }
}

//! The element types: `f32 f64 i32 u32 u8`, where `u8` stores a bool as 0 or 1.
//!
//! The traits are sealed. Kernels rely on every bit pattern being a value (so that zeroed bytes and reused bytes
//! are valid elements), and on the properties of the two IEEE formats.

use crate::math::Lane;
use crate::pointwise::Operand;
use num_traits::{Float, NumAssign};
use std::fmt::Debug;

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
    impl Sealed for i32 {}
    impl Sealed for u32 {}
    impl Sealed for u8 {}
}

/// A type that arrays are made of: plain bytes, every bit pattern a value.
pub trait Element: Copy + Send + Sync + 'static + Default + PartialEq + PartialOrd + Debug + sealed::Sealed {}
impl Element for f32 {}
impl Element for f64 {}
impl Element for i32 {}
impl Element for u32 {}
impl Element for u8 {}

/// `f32` or `f64`.
///
/// Inside this crate the elementary functions come from `math` (vectorised, with stated bounds), not from the methods
/// of [`Float`], which call the platform's library one element at a time.
pub trait Real: Element + Float + NumAssign + Lane {
    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
    /// This value, exactly.
    fn as_f64(self) -> f64;
    /// The nearest integer, of two equally near ones the even one.
    fn round_ties_even(self) -> Self;
    /// The one of two loops that is for this type.
    #[doc(hidden)]
    fn choose_unary(f32: UnaryLoop<f32>, f64: UnaryLoop<f64>) -> UnaryLoop<Self>;
    /// The one of two loops that is for this type.
    #[doc(hidden)]
    fn choose_binary(f32: BinaryLoop<f32>, f64: BinaryLoop<f64>) -> BinaryLoop<Self>;
}

/// yᵢ ← f(xᵢ), with the function's parameter.
pub(crate) type UnaryLoop<T> = fn(i32, &[T], &mut [T]);
/// yᵢ ← f(aᵢ, bᵢ).
pub(crate) type BinaryLoop<T> = fn(Operand<'_, T>, Operand<'_, T>, &mut [T]);

impl Real for f32 {
    #[inline(always)]
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn round_ties_even(self) -> f32 {
        f32::round_ties_even(self)
    }
    fn choose_unary(f32: UnaryLoop<f32>, _: UnaryLoop<f64>) -> UnaryLoop<f32> {
        f32
    }
    fn choose_binary(f32: BinaryLoop<f32>, _: BinaryLoop<f64>) -> BinaryLoop<f32> {
        f32
    }
}

impl Real for f64 {
    #[inline(always)]
    fn from_f64(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn as_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn round_ties_even(self) -> f64 {
        f64::round_ties_even(self)
    }
    fn choose_unary(_: UnaryLoop<f32>, f64: UnaryLoop<f64>) -> UnaryLoop<f64> {
        f64
    }
    fn choose_binary(_: BinaryLoop<f32>, f64: BinaryLoop<f64>) -> BinaryLoop<f64> {
        f64
    }
}

/// `i32`, `u32` or `u8`: wrapping arithmetic that never panics.
pub trait Int: Element + Eq + Ord {
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// `self + b` modulo 2ⁿ.
    fn add(self, b: Self) -> Self;
    /// `self - b` modulo 2ⁿ.
    fn sub(self, b: Self) -> Self;
    /// `self · b` modulo 2ⁿ.
    fn mul(self, b: Self) -> Self;
    /// The quotient, truncated towards zero; `x / 0 = 0`, and `MIN / -1 = MIN`.
    fn div(self, b: Self) -> Self;
}

macro_rules! int {
    ($($t:ty),*) => {$(
        impl Int for $t {
            const ZERO: $t = 0;
            const ONE: $t = 1;
            #[inline(always)]
            fn add(self, b: $t) -> $t {
                self.wrapping_add(b)
            }
            #[inline(always)]
            fn sub(self, b: $t) -> $t {
                self.wrapping_sub(b)
            }
            #[inline(always)]
            fn mul(self, b: $t) -> $t {
                self.wrapping_mul(b)
            }
            #[inline(always)]
            fn div(self, b: $t) -> $t {
                if b == 0 { 0 } else { self.wrapping_div(b) }
            }
        }
    )*};
}
int!(i32, u32, u8);

#[cfg(test)]
mod tests {
    use super::Int;

    #[test]
    fn integer_arithmetic_never_panics() {
        assert_eq!(Int::div(7i32, 0), 0);
        assert_eq!(Int::div(i32::MIN, -1), i32::MIN);
        assert_eq!(Int::div(-7i32, 2), -3);
        assert_eq!(Int::sub(0u32, 1), u32::MAX);
    }
}

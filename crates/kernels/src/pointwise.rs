//! Pointwise operations on whole slices.
//!
//! One call, one operation, equal lengths, out of place; the executor feeds cache-sized chunks. An operand of a
//! binary operation may be a scalar. An operation is a value, [`Unary::EXP`] or [`Binary::ADD`], that carries its
//! own loops: it is declared once, beside the function that it applies, and named in no list. The elementary functions
//! (module `math`) are this crate's own and vectorised; `LGAMMA`, `HYPOT` and the inverse trigonometric and hyperbolic
//! functions are `libm`'s, and `POW`, `ATAN2` and `SIN`, `COS` beyond 2²⁰ are the standard library's. The errors of the first two
//! kinds are these at most, **measured in ulps** of the exact result:
//!
//! | | `f32` | `f64` | notes |
//! |---|---|---|---|
//! | `EXP` | 0.89 | 0.90 | within 1 near and below the smallest normal `f64`, where the reference ends too |
//! | `EXPM1` | 1.15 | 1.03 | |
//! | `LOG` | 0.81 | 0.78 | |
//! | `LOG1P` | 0.83 | 0.80 | |
//! | `SIN`, `COS` | 0.51 | 0.77 | up to 2²⁰, beside multiples of π/2 too; `f32` computes in `f64` |
//! | `TANH` | 1.35 | 1.29 | |
//! | `ERF` | 1.27 | 1.20 | 1.01 and 0.95 with fused multiply-add |
//! | `LOGISTIC` | 1.94 | 1.80 | |
//! | `SINH` | 2.34 | 2.06 | |
//! | `COSH` | 1.33 | 1.24 | |
//! | `SECH` | 2.41 | 2.13 | |
//! | `GAUSSIAN` | 0.87 | 0.90 | as `EXP` |
//! | `HALF_GAUSSIAN` | 0.89 | 0.90 | as `EXP` |
//! | `NORMAL_CDF` | 3.77 | 3.38 | down to where it underflows, at -14.2 and -38.5 |
//! | `ERFC` | 3.76 | 3.99 | down to where it underflows, at 10.1 and 27.2 |
//! | `ERF_INV` | 0.51 | 1.91 | 1.37 with fused multiply-add; `f32` computes in `f64` |
//! | `SOFTPLUS` | 1.58 | 1.42 | |
//! | `LOGADDEXP` | 2.28 | 2.57 | of the larger one of the result and max(a, b), since the result may be near 0 where neither is |
//! | `HYPOT` | 0.51 | 0.91 | `f32` computes in `f64`, as do the inverse functions below |
//! | `powi(n)` | 3.13 | 3.19 | for every n, where the result is subnormal too; worst at n = -3 |
//! | `ATAN`, `ASIN`, `ACOS` | 0.51 | 0.76, 0.83, 0.85 | |
//! | `ASINH`, `ACOSH`, `ATANH` | 0.51 | 1.46, 1.71, 1.45 | |
//! | `LGAMMA` | 0.51 | 2.30 | for x > 0; `f32` computes in `f64`, and below 0 the zeros are accurate absolutely only |
//! | `polygamma(n)` | 0.51 | 2.74, 4.52, 4.92, 5.75 | n = 0, 1, 2, 3, for x > 0; as `LGAMMA` |
//! | | 0.51 | 6.61, 15.2, 49.1 | n = 4, 20, 100, where the result is a normal number |
//!
//! Measured on every path against 60-digit values (`tests::accuracy::measured`; the table is made by `tools/references.py`):
//! 180 000 points or more a function, 60 000 of `LGAMMA` and at least as many of those from `SECH` to `ATANH`, 18 000 of each order of
//! `polygamma`; every second x is a number of `f32`, and there `f32` is measured. Besides, `f32` on each 23rd of all numbers against the `f64` functions
//! (`tests::accuracy::measured_over_f32`), but not where it is the `f64` function, rounded. The result for an element depends on its
//! value and the path alone, not on its place in the slice.
//!
//! `SQRT`, `RECIP`, `DIV` and the exact operations are rounded once; `RSQRT` is 1 / sqrt x, rounded twice. `POW` and
//! `ATAN2` go one element at a time. Masks are reals (or `u8`), true where they are not zero.

pub(crate) mod binary;
mod integer;
pub(crate) mod powi;
mod select;
pub(crate) mod unary;

pub use binary::Binary;
pub use integer::{compare, map_int, select_any, zip_int};
pub use select::select;
pub use unary::Unary;

/// A slice, or one value that stands for a slice of any length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand<'a, T> {
    /// One value per element.
    Slice(&'a [T]),
    /// The same value for every element.
    Scalar(T),
}

/// Element `i` of an operand whose kind is known at compile time.
trait Source<T>: Copy {
    fn get(&self, i: usize) -> T;
}

/// A slice of the output's length.
#[derive(Clone, Copy)]
struct Each<'a, T>(&'a [T]);

/// One value.
#[derive(Clone, Copy)]
struct Same<T>(T);

impl<T: Copy> Source<T> for Each<'_, T> {
    #[inline(always)]
    fn get(&self, i: usize) -> T {
        self.0[i]
    }
}

impl<T: Copy> Source<T> for Same<T> {
    #[inline(always)]
    fn get(&self, _: usize) -> T {
        self.0
    }
}

/// `slice` as a source of `len` elements; the cut to `len` lets the compiler drop the bounds checks of a loop.
#[inline(always)]
fn each<T>(slice: &[T], len: usize) -> Each<'_, T> {
    assert_eq!(slice.len(), len, "pointwise: operand and output differ in length");
    Each(&slice[..len])
}

/// 1 or 0.
#[inline(always)]
fn truth<T: num_traits::Zero + num_traits::One>(b: bool) -> T {
    if b { T::one() } else { T::zero() }
}

#[cfg(test)]
mod tests;

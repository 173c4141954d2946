//! Pointwise operations on whole slices.
//!
//! One call, one operation, equal lengths, out of place; the executor feeds cache-sized chunks. An operand of a
//! binary operation may be a scalar. The elementary functions are this crate's own (module `math`): branch-free,
//! vectorised, with these errors at most, **measured in ulps** of the exact result:
//!
//! | | `f32` | `f64` | notes |
//! |---|---|---|---|
//! | `Exp` | 0.89 | 0.90 | within 1 near and below the smallest normal `f64`, where the reference ends too |
//! | `Expm1` | 1.15 | 1.03 | |
//! | `Log` | 0.81 | 0.78 | |
//! | `Log1p` | 0.82 | 0.80 | |
//! | `Sin`, `Cos` | 0.57 | 0.77 | up to 2²⁰, beside multiples of π/2 too; `f32` computes in `f64` |
//! | `Tanh` | 1.35 | 1.29 | |
//! | `Erf` | 1.27 | 1.20 | 1.01 and 0.95 with fused multiply-add |
//! | `Logistic` | 1.94 | 1.80 | |
//!
//! Measured on every path: `f32` on each 23rd of all numbers against the `f64` functions, `f64` on some 500 000
//! points per function against 60-digit values (`tests::measured`; the table is made by `tools/references.py`). The
//! result for an element depends on its value and the path alone, not on its place in the slice.
//!
//! `Sqrt`, `Recip`, `Div` and the exact operations are rounded once; `Rsqrt` is 1 / sqrt x, rounded twice. `Pow` is
//! the standard library's `powf`, one element at a time. Masks are reals (or `u8`), true where they are not zero.

mod binary;
mod integer;
mod ternary;
mod unary;

pub use binary::{binary, binary_in_place_left, binary_in_place_right};
pub use integer::{binary_int, compare, select_any, unary_int};
pub use ternary::{multiply_add, select};
pub use unary::{unary, unary_in_place};

/// A function of one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unary {
    /// -x.
    Neg,
    /// |x|.
    Abs,
    /// -1, 0 or 1; zeros keep their sign and NaN stays.
    Sign,
    /// eˣ.
    Exp,
    /// eˣ - 1, relatively accurate near zero.
    Expm1,
    /// ln x; NaN below zero.
    Log,
    /// ln(1 + x), relatively accurate near zero.
    Log1p,
    /// √x.
    Sqrt,
    /// 1 / √x.
    Rsqrt,
    /// sin x; beyond |x| = 2²⁰ the standard library's.
    Sin,
    /// cos x; beyond |x| = 2²⁰ the standard library's.
    Cos,
    /// tanh x.
    Tanh,
    /// The error function, 2/√π ∫₀ˣ e^(-t²) dt.
    Erf,
    /// 1 / (1 + e⁻ˣ), relatively accurate for negative x too.
    Logistic,
    /// The largest integer not above x.
    Floor,
    /// 1 / x.
    Recip,
    /// x².
    Square,
    /// xⁿ by repeated squaring; for n < 0 the reciprocal of x⁻ⁿ. x⁰ = 1 for every x, NaN too.
    Powi(i32),
    /// 1 where x is zero, else 0: the negation of a mask.
    Not,
}

/// A function of two numbers. The comparisons and `And`, `Or` yield 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Binary {
    /// a + b.
    Add,
    /// a - b.
    Sub,
    /// a b.
    Mul,
    /// a / b.
    Div,
    /// aᵇ, the standard library's.
    Pow,
    /// The larger one; NaN if either is.
    Max,
    /// The smaller one; NaN if either is.
    Min,
    /// a < b.
    Lt,
    /// a ≤ b.
    Le,
    /// a = b.
    Eq,
    /// a ≠ b; true for NaN.
    Ne,
    /// Both are nonzero.
    And,
    /// One or both are nonzero.
    Or,
}

/// A comparison that yields a mask of bytes: see [`compare`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// a < b.
    Lt,
    /// a ≤ b.
    Le,
    /// a = b.
    Eq,
    /// a ≠ b; true for NaN.
    Ne,
}

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

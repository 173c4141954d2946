//! ln(1 + eˣ), and ln(eᵃ + eᵇ), which is its function of two numbers.

use super::exp::{exp, exp_sum};
use super::lane::{Lane, at_least, two_diff};
use super::log::log1p_up_to_one;
use crate::pointwise::binary::binary;
use crate::pointwise::unary::unary;

unary! {
    /// ln(1 + eˣ), relatively accurate for negative x too.
    SOFTPLUS = "softplus": |x| softplus::<T, FMA>(x);
}

binary! {
    /// ln(eᵃ + eᵇ), without overflow. Of infinities: the other operand if one is -∞, ∞ if one is ∞, and -∞ if both are; NaN if either
    /// operand is.
    LOGADDEXP = "logaddexp": |a, b| log_add_exp::<T, FMA>(a, b);
}

/// max(x, 0) + ln(1 + e^-|x|), both of one sign. Measured: 1.58 ulp in `f32`, 1.42 in `f64`.
#[inline(always)]
fn softplus<T: Lane, const FMA: bool>(x: T) -> T {
    at_least(x, T::zero()) + log1p_up_to_one::<T, FMA>(exp::<T, FMA>(-x.abs()))
}

/// max(a, b) + ln(1 + e^-|a - b|), with the rounding error of the difference: it would count where the sum nearly cancels. Measured:
/// 2.28 ulp in `f32`, 2.57 in `f64`, of the larger one of the result and max(a, b).
#[inline(always)]
fn log_add_exp<T: Lane, const FMA: bool>(a: T, b: T) -> T {
    // A NaN in b fails the comparison and stays.
    let larger = if (a > b) | a.is_nan() { a } else { b };
    let (difference, low) = two_diff(a, b);
    // ∞ - ∞ would be NaN, and so is what an infinite difference drops.
    let distance = if a == b { T::zero() } else { difference.abs() };
    let low = if difference > T::zero() { low } else { -low };
    let low = if difference.abs() < T::EXP_MAX { low } else { T::zero() };
    larger + log1p_up_to_one::<T, FMA>(exp_sum::<T, FMA>(-distance, -low, T::ONE))
}

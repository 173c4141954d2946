//! The error function, and its complement.

use super::exp::{exp, exp_sum};
use super::lane::{Lane, at_most, fma, two_product};
use super::normal::mills;
use crate::pointwise::unary::unary;

unary! {
    /// The error function, 2/√π ∫₀ˣ e^(-t²) dt.
    ERF = "erf": |x| erf::<T, FMA>(x);
    /// 1 - erf x, relatively accurate in the right tail too, down to where it underflows.
    ERFC = "erfc": |x| erfc::<T, FMA>(x);
}

/// erf x = 2/√π ∫₀ˣ e^(-t²) dt.
///
/// Below 1 an odd polynomial, relatively accurate down to zero; above, 1 - e^(-t²) R(t) with a polynomial for
/// R = e^(t²) erfc t that is weighted by how much of it can be seen beside the 1. Measured:
/// 1.27 ulp in `f32`, 1.20 in `f64`; 1.01 and 0.95 with fused multiply-add.
#[inline(always)]
fn erf<T: Lane, const FMA: bool>(x: T) -> T {
    let t = at_most(x.abs(), T::ERF_ONE);
    let z = t * t;
    let small = fma::<T, FMA>(x, T::erf_small::<FMA>(z), x);
    let large = (T::ONE - exp::<T, FMA>(-z) * T::erf_tail::<FMA>(t)).copysign(x);
    if t < T::ONE { small } else { large }
}

/// erfc x = 2 Φ(-√2 x) = 2 e^(-x²) p / q with p from [`mills`]: exp takes the rounding error of x² too, and p changes slowly, so its argument
/// √2 x may be rounded. 2 - erfc |x| for negative x. Measured: 3.76 ulp in `f32`, 3.99 in `f64`.
#[inline(always)]
pub(super) fn erfc<T: Lane, const FMA: bool>(x: T) -> T {
    let t = at_most(x.abs(), T::GAUSSIAN_ZERO);
    let (hi, lo) = two_product::<T, FMA>(t, t);
    let p = mills::<T, FMA>(t * T::SQRT_TWO);
    // Not from the rounded argument: q is proportional to it.
    let q = fma::<T, FMA>(t, T::SQRT_TWO_MILLS_SLOPE, T::ONE);
    let tail = exp_sum::<T, FMA>(-hi, -lo, T::TWO * p / q);
    if x < T::zero() { T::TWO - tail } else { tail }
}

//! The error function.

use super::exp::exp;
use super::lane::{Lane, at_most, fma};
use crate::pointwise::unary::unary;

unary! {
    /// The error function, 2/√π ∫₀ˣ e^(-t²) dt.
    ERF = "erf": |x| erf::<T, FMA>(x);
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

//! `βx` for functions that feel what the product loses to rounding.

use quadric_autodiff::DType;
use quadric_autodiff::trace::{Var, select};

/// Beyond this, `exp(−u²/2)` is 0 and Φ(u) is 0 or 1, in both float types.
const END: f64 = 64.0;

/// `u = βx`, rounded and kept within ±64, and what it lost, `r = βx − u`, a constant to every derivative; `None` for a power of two, which
/// loses nothing.
///
/// In the tails `exp(−u²/2)` and `Φ(u)` change by u² times the relative change of u: at u = 30, half a unit in the last place of u is 450
/// of the result. To first order `f(u + r) = f(u) + r f'(u)`, and differentiating that with r held gives the
/// same of every derivative of f. `f32` computes the remainder in `f64`; `f64` cuts both factors in parts whose products
/// are exact (Dekker 1971), by way of `f32`.
#[track_caller]
pub(super) fn scaled(x: Var, beta: f64) -> (Var, Option<Var>) {
    const LOW_BITS: u64 = (1 << 29) - 1;
    let product = x * beta;
    let u = product.maximum(-END).minimum(END);
    // Nor is there a tail to lose where βx ends below 64 with x beyond f32, whose parts could not be cut.
    if beta.to_bits().trailing_zeros() >= 52 || beta.abs() < 1e-36 {
        return (u, None);
    }
    let lost = if x.dtype() == DType::F32 {
        (x.convert(DType::F64) * beta - product.convert(DType::F64)).convert(DType::F32)
    } else {
        let high = f64::from_bits(beta.to_bits() & !LOW_BITS);
        let x_high = x.convert(DType::F32).convert(x.dtype());
        (x_high * high - product) + (x - x_high) * high + x * (beta - high)
    };
    (u, Some(select(u.abs().lt(END), lost, 0.0).stop_gradient()))
}

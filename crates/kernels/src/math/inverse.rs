//! The inverse trigonometric and hyperbolic functions: `libm`'s, after FDLIBM and musl, one element at a time; `f32` computes in `f64`.
//! Measured: 0.51 ulp in `f32`; in `f64` 0.76 for atan, 0.83 asin, 0.85 acos, 1.46 asinh, 1.71 acosh, 1.45 atanh.

use crate::pointwise::unary::unary;

unary! {
    /// The angle in [-π/2, π/2] whose tangent is x.
    ATAN = "atan": |x| T::from_f64(libm::atan(x.as_f64()));
    /// The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1].
    ASIN = "asin": |x| T::from_f64(libm::asin(x.as_f64()));
    /// The angle in [0, π] whose cosine is x; NaN outside [-1, 1].
    ACOS = "acos": |x| T::from_f64(libm::acos(x.as_f64()));
    /// ln(x + √(x² + 1)), the number whose sinh is x.
    ASINH = "asinh": |x| T::from_f64(libm::asinh(x.as_f64()));
    /// ln(x + √(x² - 1)), the number ≥ 0 whose cosh is x; NaN below 1.
    // libm's goes astray far below 1, where x + √(x² - 1) rounds to 0.
    ACOSH = "acosh": |x| if x < T::one() { T::nan() } else { T::from_f64(libm::acosh(x.as_f64())) };
    /// ½ ln((1 + x) / (1 - x)), the number whose tanh is x; infinite at ±1, NaN beyond.
    ATANH = "atanh": |x| T::from_f64(libm::atanh(x.as_f64()));
}

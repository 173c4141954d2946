//! The numbers that the reference interpreter computes with.
//!
//! One small trait instead of `num-traits`: it asks for what primitives need and for nothing else, and it has [`Dd`], with about 31
//! digits, beside the two hardware types. Run with `Dd`, the same interpreter tells how much of a difference is rounding.
//!
//! `f32` and `f64` use the functions of `std` and share no code with the kernels that they are there to check. `std` has no `erf`;
//! it is computed in [`Dd`] and rounded once, so it is slow and good to half a unit in the last place and a hair.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::double_double::Dd;
use super::{Array, Definition};
use crate::error::Error;
use crate::shape::Type;

/// A floating-point number with the functions that primitives are made of.
///
/// Domain errors give NaN and poles give infinities, as in IEEE 754; NaN arguments give NaN.
pub trait Scalar:
    Copy
    + Debug
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + Send
    + Sync
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;

    /// Runs a definition on numbers of this type.
    ///
    /// # Errors
    /// The definition's.
    fn define(definition: &dyn Definition, x: &[Array<Self>], y: &Type) -> Result<Array<Self>, Error>;

    /// The same number in double-double, where a definition needs more digits on the way than it gives in the end.
    fn widened(self) -> Dd;
    /// The nearest number of this type.
    fn rounded(x: Dd) -> Self;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// The nearest `f64`.
    fn to_f64(self) -> f64;

    /// `√x`.
    fn sqrt(self) -> Self;
    /// `eˣ`.
    fn exp(self) -> Self;
    /// `eˣ − 1`, accurate near 0.
    fn expm1(self) -> Self;
    /// The natural logarithm.
    fn log(self) -> Self;
    /// `log(1 + x)`, accurate near 0.
    fn log1p(self) -> Self;
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The error function `2/√π ∫₀ˣ exp(−t²) dt`.
    fn erf(self) -> Self;
    /// `xʸ`; for negative `x` only whole `y` give a number.
    fn pow(self, y: Self) -> Self;
    /// `xⁿ`, with `x⁰ = 1` for every `x`.
    fn powi(self, n: i32) -> Self;
    /// `|x|`.
    fn abs(self) -> Self;
    /// The largest whole number not above `x`.
    fn floor(self) -> Self;

    /// Whether this is no number.
    fn is_nan(self) -> bool {
        self.to_f64().is_nan()
    }

    /// `1/√x`.
    fn rsqrt(self) -> Self {
        Self::ONE / self.sqrt()
    }

    /// `1 / (1 + e⁻ˣ)`.
    fn logistic(self) -> Self {
        // The exponential of a positive number may overflow, and then a result that has a tiny value would be 0.
        let e = (-self.abs()).exp();
        if self < Self::ZERO { e / (Self::ONE + e) } else { Self::ONE / (Self::ONE + e) }
    }

    /// 1, −1, or `x` itself if it is a zero or NaN.
    fn sign(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else if self < Self::ZERO {
            -Self::ONE
        } else {
            self
        }
    }

    /// The larger of two; NaN if either is. (`f64::max` gives the other one.)
    fn max(self, other: Self) -> Self {
        if self.is_nan() || self > other { self } else { other }
    }

    /// The smaller of two; NaN if either is. (`f64::min` gives the other one.)
    fn min(self, other: Self) -> Self {
        if self.is_nan() || self < other { self } else { other }
    }
}

macro_rules! hardware_scalar {
    ($($float:ident, $define:ident);*) => {$(
        impl Scalar for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            fn define(definition: &dyn Definition, x: &[Array<Self>], y: &Type) -> Result<Array<Self>, Error> {
                definition.$define(&x.iter().collect::<Vec<_>>(), y)
            }

            fn widened(self) -> Dd {
                Dd::from_f64(self.into())
            }

            /// A double-double is an f64 within half a unit and an f32 far within: rounding twice moves no bit here
            /// unless the value lies within 1e-16 of the middle between two f32.
            fn rounded(x: Dd) -> Self {
                x.to_f64() as $float
            }

            fn from_f64(x: f64) -> Self {
                x as $float
            }

            fn to_f64(self) -> f64 {
                self.into()
            }

            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }

            fn exp(self) -> Self {
                $float::exp(self)
            }

            fn expm1(self) -> Self {
                $float::exp_m1(self)
            }

            fn log(self) -> Self {
                $float::ln(self)
            }

            fn log1p(self) -> Self {
                $float::ln_1p(self)
            }

            fn sin(self) -> Self {
                $float::sin(self)
            }

            fn cos(self) -> Self {
                $float::cos(self)
            }

            fn tanh(self) -> Self {
                $float::tanh(self)
            }

            fn erf(self) -> Self {
                Self::rounded(self.widened().erf())
            }

            fn pow(self, y: Self) -> Self {
                $float::powf(self, y)
            }

            fn powi(self, n: i32) -> Self {
                $float::powi(self, n)
            }

            fn abs(self) -> Self {
                $float::abs(self)
            }

            fn floor(self) -> Self {
                $float::floor(self)
            }
        }
    )*};
}

hardware_scalar!(f32, in_f32; f64, in_f64);

impl Scalar for Dd {
    const ZERO: Self = Dd::ZERO;
    const ONE: Self = Dd::ONE;

    fn define(definition: &dyn Definition, x: &[Array<Self>], y: &Type) -> Result<Array<Self>, Error> {
        definition.in_double_double(&x.iter().collect::<Vec<_>>(), y)
    }

    fn widened(self) -> Dd {
        self
    }

    fn rounded(x: Dd) -> Self {
        x
    }

    fn from_f64(x: f64) -> Self {
        Dd::from_f64(x)
    }

    fn to_f64(self) -> f64 {
        Dd::to_f64(self)
    }

    fn sqrt(self) -> Self {
        Dd::sqrt(self)
    }

    fn exp(self) -> Self {
        Dd::exp(self)
    }

    fn expm1(self) -> Self {
        Dd::expm1(self)
    }

    fn log(self) -> Self {
        Dd::log(self)
    }

    fn log1p(self) -> Self {
        Dd::log1p(self)
    }

    fn sin(self) -> Self {
        Dd::sin(self)
    }

    fn cos(self) -> Self {
        Dd::cos(self)
    }

    fn tanh(self) -> Self {
        Dd::tanh(self)
    }

    fn erf(self) -> Self {
        Dd::erf(self)
    }

    fn pow(self, y: Self) -> Self {
        Dd::pow(self, y)
    }

    fn powi(self, n: i32) -> Self {
        Dd::powi(self, n)
    }

    fn abs(self) -> Self {
        Dd::abs(self)
    }

    fn floor(self) -> Self {
        Dd::floor(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of erf by mpmath, rounded to f64.
    const ERF: [(f64, f64); 6] = [
        (0.5, 0.520_499_877_813_046_5),
        (1.0, 0.842_700_792_949_714_9),
        (2.0, 0.995_322_265_018_952_7),
        (-3.5, -0.999_999_256_901_627_6),
        (1e-10, 1.128_379_167_095_512_6e-10),
        (6.0, 1.0),
    ];

    #[test]
    fn erf_of_the_hardware_types_is_rounded_once() {
        for (x, y) in ERF {
            assert_eq!(Scalar::erf(x), y);
        }
        // f32 arguments are exact in f64, so the reference for f32 is the f64 value rounded.
        for k in -400..=400 {
            let x = k as f32 / 100.0;
            assert_eq!(Scalar::erf(x), Scalar::erf(f64::from(x)) as f32);
        }
        assert!(Scalar::erf(f32::NAN).is_nan());
        assert_eq!((Scalar::erf(f64::INFINITY), Scalar::erf(f32::NEG_INFINITY)), (1.0, -1.0));
        assert!(Scalar::erf(-0.0f64).is_sign_negative());
        assert_eq!(Scalar::erf(f64::MIN_POSITIVE / 4.0), std::f64::consts::FRAC_2_SQRT_PI * (f64::MIN_POSITIVE / 4.0));
    }

    fn keeps_the_conventions<S: Scalar>() {
        let s = S::from_f64;
        let nan = s(f64::NAN);
        for (x, y) in [(nan, s(1.0)), (s(1.0), nan), (nan, nan)] {
            assert!(x.max(y).is_nan() && x.min(y).is_nan());
        }
        assert_eq!((s(1.0).max(s(2.0)), s(1.0).min(s(2.0))), (s(2.0), s(1.0)));
        assert_eq!((s(-2.5).sign(), s(0.0).sign(), s(3.0).sign()), (s(-1.0), s(0.0), s(1.0)));
        assert!(nan.sign().is_nan());
        assert_eq!((s(-1e3).logistic(), s(0.0).logistic(), s(1e3).logistic()), (s(0.0), s(0.5), s(1.0)));
        assert!(s(-95.0).logistic() > S::ZERO && nan.logistic().is_nan());
        assert_eq!((s(4.0).rsqrt(), s(f64::INFINITY).rsqrt()), (s(0.5), s(0.0)));
        assert_eq!(s(-1.5).floor(), s(-2.0));
        assert_eq!((s(-2.0).powi(-3), s(0.0).powi(0), s(-2.0).pow(s(3.0))), (s(-0.125), s(1.0), s(-8.0)));
        assert!(s(-2.0).pow(s(0.5)).is_nan() && s(-1.0).log().is_nan() && s(-1.0).sqrt().is_nan());
        assert_eq!(s(0.0).log(), s(f64::NEG_INFINITY));
    }

    #[test]
    fn every_type_keeps_the_conventions() {
        keeps_the_conventions::<f32>();
        keeps_the_conventions::<f64>();
        keeps_the_conventions::<Dd>();
    }
}

//! sin and cos: a fast path for moderate arguments, the standard library for the rest.
//!
//! Reducing a huge argument exactly takes a table of 2/π that no vector code likes. Arguments beyond 2^20 are rare
//! in practice, so whole chunks are checked and only a chunk with such an argument takes the slow loop, in which
//! each element still takes the path of its own magnitude: the result never depends on the neighbours. Measured on the
//! fast path: 0.51 ulp in `f32` (computed in `f64`), 0.77 in `f64`.

use crate::element::Real;
use crate::math::Lane;
use crate::pointwise::Unary;
use crate::pointwise::unary::Map;

#[derive(Clone, Copy, Default)]
struct Sine;

impl Map for Sine {
    const NAME: &'static str = "sin";
    const HAS_SLOW: bool = true;
    #[inline(always)]
    fn at<T: Real, const FMA: bool>(self, x: T) -> T {
        T::fast_sin::<FMA>(x)
    }
    #[inline(always)]
    fn is_slow<T: Real>(self, x: T) -> bool {
        x.abs() > <T as Lane>::TRIG_MAX
    }
    fn slow<T: Real>(self, x: T) -> T {
        x.sin()
    }
}

#[derive(Clone, Copy, Default)]
struct Cosine;

impl Map for Cosine {
    const NAME: &'static str = "cos";
    const HAS_SLOW: bool = true;
    #[inline(always)]
    fn at<T: Real, const FMA: bool>(self, x: T) -> T {
        T::fast_cos::<FMA>(x)
    }
    #[inline(always)]
    fn is_slow<T: Real>(self, x: T) -> bool {
        x.abs() > <T as Lane>::TRIG_MAX
    }
    fn slow<T: Real>(self, x: T) -> T {
        x.cos()
    }
}

impl Unary {
    /// sin x; beyond |x| = 2²⁰ the standard library's.
    pub const SIN: Unary = Unary::of::<Sine>();
    /// cos x; beyond |x| = 2²⁰ the standard library's.
    pub const COS: Unary = Unary::of::<Cosine>();
}

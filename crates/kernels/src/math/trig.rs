//! sin and cos: a fast path for moderate arguments, the standard library for the rest.
//!
//! Reducing a huge argument exactly takes a table of 2/π that no vector code likes. Arguments beyond 2^20 are rare
//! in practice, so whole chunks are checked and only a chunk with such an argument takes the slow loop, in which
//! each element still takes the path of its own magnitude: the result never depends on the neighbours. Measured on the
//! fast path: 0.51 ulp in `f32` (computed in `f64`), 0.77 in `f64`.

use super::lane::Lane;

/// A function with a fast path for |x| ≤ `TRIG_MAX` and a slow one beyond.
pub(crate) trait Trig: Copy {
    /// The vectorisable path.
    fn fast<T: Lane, const FMA: bool>(x: T) -> T;
    /// The path for large arguments: the standard library.
    fn slow<T: Lane>(x: T) -> T;
}

/// sin x.
#[derive(Clone, Copy)]
pub(crate) struct Sine;
/// cos x.
#[derive(Clone, Copy)]
pub(crate) struct Cosine;

impl Trig for Sine {
    #[inline(always)]
    fn fast<T: Lane, const FMA: bool>(x: T) -> T {
        T::fast_sin::<FMA>(x)
    }
    fn slow<T: Lane>(x: T) -> T {
        x.sin()
    }
}

impl Trig for Cosine {
    #[inline(always)]
    fn fast<T: Lane, const FMA: bool>(x: T) -> T {
        T::fast_cos::<FMA>(x)
    }
    fn slow<T: Lane>(x: T) -> T {
        x.cos()
    }
}

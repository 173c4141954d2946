//! Functions of one slice.

use super::{Unary, truth};
use crate::element::Real;
use crate::isa::{Job, dispatch};
use crate::math::{self, Cosine, Lane, Sine, Trig};

/// y ← op(x).
///
/// # Panics
/// If the lengths differ.
pub fn unary<T: Real>(op: Unary, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "unary: operand and output differ in length");
    match op {
        Unary::Powi(n) if !(-2..=3).contains(&n) => dispatch(RepeatedSquaring { n, x: Some(x), y }),
        _ => choose(op, OutOfPlace { x, y }),
    }
}

/// y ← op(y).
pub fn unary_in_place<T: Real>(op: Unary, y: &mut [T]) {
    match op {
        Unary::Powi(n) if !(-2..=3).contains(&n) => dispatch(RepeatedSquaring { n, x: None, y }),
        _ => choose(op, InPlace { y }),
    }
}

/// A function of one number, known at compile time.
trait Map: Copy {
    /// Whether some arguments take [`Map::slow`]; the others then must not depend on it.
    const HAS_SLOW: bool = false;
    fn at<T: Real, const FMA: bool>(self, x: T) -> T;
    /// Whether `x` takes the slow path.
    #[inline(always)]
    fn is_slow<T: Real>(self, _: T) -> bool {
        false
    }
    /// The function where [`Map::at`] does not reach.
    fn slow<T: Real>(self, x: T) -> T {
        x
    }
}

macro_rules! maps {
    ($($name:ident: |$x:ident| $y:expr;)*) => {$(
        #[derive(Clone, Copy)]
        struct $name;
        impl Map for $name {
            #[inline(always)]
            fn at<T: Real, const FMA: bool>(self, $x: T) -> T {
                $y
            }
        }
    )*};
}

maps! {
    Neg: |x| -x;
    Abs: |x| x.abs();
    Sign: |x| if x > T::zero() { T::one() } else if x < T::zero() { -T::one() } else { x };
    Exp: |x| math::exp::<T, FMA>(x);
    Expm1: |x| math::expm1::<T, FMA>(x);
    Log: |x| math::log::<T, FMA>(x);
    Log1p: |x| math::log1p::<T, FMA>(x);
    Sqrt: |x| x.sqrt();
    Rsqrt: |x| T::one() / x.sqrt();
    Tanh: |x| math::tanh::<T, FMA>(x);
    Erf: |x| math::erf::<T, FMA>(x);
    Logistic: |x| math::logistic::<T, FMA>(x);
    Floor: |x| x.floor();
    Recip: |x| T::one() / x;
    Square: |x| x * x;
    Cube: |x| x * (x * x);
    RecipSquare: |x| T::one() / (x * x);
    Identity: |x| x;
    One: |_x| T::one();
    Not: |x| truth(x == T::zero());
}

/// A [`Trig`] function as a map.
#[derive(Clone, Copy)]
struct Reduced<F>(F);

impl<F: Trig> Map for Reduced<F> {
    const HAS_SLOW: bool = true;
    #[inline(always)]
    fn at<T: Real, const FMA: bool>(self, x: T) -> T {
        F::fast::<T, FMA>(x)
    }
    #[inline(always)]
    fn is_slow<T: Real>(self, x: T) -> bool {
        x.abs() > <T as Lane>::TRIG_MAX
    }
    fn slow<T: Real>(self, x: T) -> T {
        F::slow(x)
    }
}

/// What to do with a map once it is known.
trait Apply {
    fn apply<F: Map>(self, f: F);
}

/// From the name of an operation to its type: every loop is compiled for its operation.
fn choose(op: Unary, to: impl Apply) {
    match op {
        Unary::Neg => to.apply(Neg),
        Unary::Abs => to.apply(Abs),
        Unary::Sign => to.apply(Sign),
        Unary::Exp => to.apply(Exp),
        Unary::Expm1 => to.apply(Expm1),
        Unary::Log => to.apply(Log),
        Unary::Log1p => to.apply(Log1p),
        Unary::Sqrt => to.apply(Sqrt),
        Unary::Rsqrt => to.apply(Rsqrt),
        Unary::Sin => to.apply(Reduced(Sine)),
        Unary::Cos => to.apply(Reduced(Cosine)),
        Unary::Tanh => to.apply(Tanh),
        Unary::Erf => to.apply(Erf),
        Unary::Logistic => to.apply(Logistic),
        Unary::Floor => to.apply(Floor),
        Unary::Recip | Unary::Powi(-1) => to.apply(Recip),
        Unary::Square | Unary::Powi(2) => to.apply(Square),
        Unary::Powi(-2) => to.apply(RecipSquare),
        Unary::Powi(0) => to.apply(One),
        Unary::Powi(1) => to.apply(Identity),
        Unary::Powi(3) => to.apply(Cube),
        Unary::Powi(_) => unreachable!("other powers go by repeated squaring"),
        Unary::Not => to.apply(Not),
    }
}

struct OutOfPlace<'a, T> {
    x: &'a [T],
    y: &'a mut [T],
}

struct InPlace<'a, T> {
    y: &'a mut [T],
}

impl<T: Real> Apply for OutOfPlace<'_, T> {
    fn apply<F: Map>(self, f: F) {
        dispatch(MapOutOfPlace { f, x: self.x, y: self.y });
    }
}

impl<T: Real> Apply for InPlace<'_, T> {
    fn apply<F: Map>(self, f: F) {
        dispatch(MapInPlace { f, y: self.y });
    }
}

/// Elements per chunk where something is decided, or buffered, chunk by chunk.
const CHUNK: usize = 256;

struct MapOutOfPlace<'a, T, F> {
    f: F,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real, F: Map> Job for MapOutOfPlace<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let MapOutOfPlace { f, x, y } = self;
        if !F::HAS_SLOW {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = f.at::<T, FMA>(x);
            }
            return;
        }
        for (x, y) in x.chunks(CHUNK).zip(y.chunks_mut(CHUNK)) {
            let mut slow = false;
            for &x in x {
                slow |= f.is_slow(x);
            }
            for (y, &x) in y.iter_mut().zip(x) {
                *y = f.at::<T, FMA>(x);
            }
            if slow {
                for (y, &x) in y.iter_mut().zip(x) {
                    if f.is_slow(x) {
                        *y = f.slow(x);
                    }
                }
            }
        }
    }
}

struct MapInPlace<'a, T, F> {
    f: F,
    y: &'a mut [T],
}

impl<T: Real, F: Map> Job for MapInPlace<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let MapInPlace { f, y } = self;
        if !F::HAS_SLOW {
            for y in y {
                *y = f.at::<T, FMA>(*y);
            }
            return;
        }
        for y in y.chunks_mut(CHUNK) {
            let mut slow = false;
            for &x in &*y {
                slow |= f.is_slow(x);
            }
            // The slow elements must still be there after the fast loop.
            let mut x = [T::zero(); CHUNK];
            if slow {
                x[..y.len()].copy_from_slice(y);
            }
            for y in y.iter_mut() {
                *y = f.at::<T, FMA>(*y);
            }
            if slow {
                for (y, &x) in y.iter_mut().zip(&x) {
                    if f.is_slow(x) {
                        *y = f.slow(x);
                    }
                }
            }
        }
    }
}

/// yᵢ ← xᵢⁿ (yᵢⁿ without x), bit by bit of n over a chunk at a time: the loop over the bits outside, vectors inside.
struct RepeatedSquaring<'a, T> {
    n: i32,
    x: Option<&'a [T]>,
    y: &'a mut [T],
}

impl<T: Real> Job for RepeatedSquaring<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (i, y) in self.y.chunks_mut(CHUNK).enumerate() {
            let mut base = [T::zero(); CHUNK];
            let base = &mut base[..y.len()];
            match self.x {
                Some(x) => base.copy_from_slice(&x[i * CHUNK..][..y.len()]),
                None => base.copy_from_slice(y),
            }
            y.fill(T::one());
            let mut n = self.n.unsigned_abs();
            while n > 0 {
                if n & 1 == 1 {
                    for (y, &b) in y.iter_mut().zip(&*base) {
                        *y *= b;
                    }
                }
                n >>= 1;
                for b in base.iter_mut() {
                    *b *= *b;
                }
            }
            if self.n < 0 {
                for y in y {
                    *y = T::one() / *y;
                }
            }
        }
    }
}

//! `powi`: a fixed integer power.

use super::unary::{CHUNK, family};
use crate::element::Real;
use crate::isa::{Job, dispatch};
use crate::math::{Lane, two_product};

family! {
    /// xⁿ, to 3.2 ulp at most for every n, where the result is subnormal too. x⁰ = 1 for every x, NaN too.
    ///
    /// Up to x⁶ and down to x⁻³ a few products. Beyond, repeated squaring multiplies the first rounding errors by n / 2; so `f32`
    /// computes in `f64`, and `f64` carries the rounding error of every product along (Graillat 2009); so does `f32` from |n| = 2²⁶ on.
    powi(n) = "powi": power, tested at [i32::MIN, -3000, -7, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 11, 3000, i32::MAX], {};
}

fn power<T: Real>(n: i32, x: &[T], y: &mut [T]) {
    // Not 1 / x²: that square may overflow where the result is still a subnormal number.
    let recip = |x: T| T::one() / x;
    match n {
        -3 => each(x, y, |x| recip(x) * (recip(x) * recip(x))),
        -2 => each(x, y, |x| recip(x) * recip(x)),
        -1 => each(x, y, recip),
        0 => each(x, y, |_| T::one()),
        1 => each(x, y, |x| x),
        2 => each(x, y, |x| x * x),
        3 => each(x, y, |x| x * (x * x)),
        4 => each(x, y, |x| (x * x) * (x * x)),
        5 => each(x, y, |x| x * ((x * x) * (x * x))),
        6 => each(x, y, |x| (x * x) * ((x * x) * (x * x))),
        _ if n.unsigned_abs() < <T as Lane>::POWER_COMPENSATED => dispatch(Products { n, x, y }),
        _ => dispatch(Compensated { n, x, y }),
    }
}

/// A closure as a loop.
struct Each<'a, T, F> {
    f: F,
    x: &'a [T],
    y: &'a mut [T],
}

fn each<T: Real>(x: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    dispatch(Each { f, x, y });
}

impl<T: Real, F: Fn(T) -> T> Job for Each<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (y, &x) in self.y.iter_mut().zip(self.x) {
            *y = (self.f)(x);
        }
    }
}

/// yᵢ ← xᵢⁿ in `f64`, bit by bit of n over a chunk at a time: the loop over the bits outside, vectors inside.
struct Products<'a, T> {
    n: i32,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> Job for Products<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (x, out) in self.x.chunks(CHUNK).zip(self.y.chunks_mut(CHUNK)) {
            let (mut base, mut y) = ([0.0; CHUNK], [1.0; CHUNK]);
            let (base, y) = (&mut base[..x.len()], &mut y[..x.len()]);
            for (b, x) in base.iter_mut().zip(x) {
                *b = x.as_f64();
            }
            let mut n = self.n.unsigned_abs();
            loop {
                if n & 1 == 1 {
                    for (y, &b) in y.iter_mut().zip(&*base) {
                        *y *= b;
                    }
                }
                n >>= 1;
                if n == 0 {
                    break;
                }
                for b in base.iter_mut() {
                    *b *= *b;
                }
            }
            for (out, &y) in out.iter_mut().zip(&*y) {
                *out = T::from_f64(if self.n < 0 { 1.0 / y } else { y });
            }
        }
    }
}

/// As [`Products`], each factor with what its roundings dropped. For n < 0 the powers of 1 / x, which lose nothing at the ends of the range.
struct Compensated<'a, T> {
    n: i32,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real> Job for Compensated<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        // What is dropped at all is (n 2⁻⁵³)², relatively, unless the sum of a factor and its low part is rounded anew each time.
        let renormalise = self.n.unsigned_abs() >= 1 << 20;
        for (x, out) in self.x.chunks(CHUNK).zip(self.y.chunks_mut(CHUNK)) {
            let (mut base, mut base_low) = ([0.0; CHUNK], [0.0; CHUNK]);
            let (mut y, mut y_low) = ([1.0; CHUNK], [0.0; CHUNK]);
            let (base, base_low) = (&mut base[..x.len()], &mut base_low[..x.len()]);
            let (y, y_low) = (&mut y[..x.len()], &mut y_low[..x.len()]);
            for ((b, low), x) in base.iter_mut().zip(&mut *base_low).zip(x) {
                (*b, *low) = if self.n < 0 { recip::<FMA>(x.as_f64()) } else { (x.as_f64(), 0.0) };
            }
            let mut n = self.n.unsigned_abs();
            loop {
                if n & 1 == 1 {
                    for (((y, y_low), &b), &b_low) in y.iter_mut().zip(&mut *y_low).zip(&*base).zip(&*base_low) {
                        let (p, low) = two_product::<f64, FMA>(*y, b);
                        (*y, *y_low) = settle(renormalise, p, low + (*y * b_low + b * *y_low));
                    }
                }
                n >>= 1;
                if n == 0 {
                    break;
                }
                for (b, b_low) in base.iter_mut().zip(&mut *base_low) {
                    let (p, low) = two_product::<f64, FMA>(*b, *b);
                    (*b, *b_low) = settle(renormalise, p, low + 2.0 * (*b * *b_low));
                }
            }
            for ((out, &y), &low) in out.iter_mut().zip(&*y).zip(&*y_low) {
                let (y, _) = settle(true, y, low);
                *out = T::from_f64(y);
            }
        }
    }
}

/// (r, low) with 1 / x = r + low.
#[inline(always)]
fn recip<const FMA: bool>(x: f64) -> (f64, f64) {
    let r = 1.0 / x;
    let (p, low) = two_product::<f64, FMA>(r, x);
    (r, r * ((1.0 - p) - low))
}

/// high + low, with the sum rounded if asked for. Where the range ends `low` may be infinite or NaN, and `high` is right alone.
#[inline(always)]
fn settle(renormalise: bool, high: f64, low: f64) -> (f64, f64) {
    if !renormalise {
        return (high, low);
    }
    // -0 + 0 would lose the sign.
    let sum = if (low != 0.0) & (low.abs() < f64::INFINITY) { high + low } else { high };
    let rest = (high - sum) + low;
    (sum, if rest.abs() < f64::INFINITY { rest } else { 0.0 })
}

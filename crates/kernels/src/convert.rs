//! Conversions between the five element types.

use crate::element::Element;
use std::any::TypeId;

/// y ← x as another type.
///
/// Float to integer truncates towards zero and saturates, NaN gives 0; integer to float rounds to nearest; `i32` and
/// `u32` wrap into each other; anything to `u8`, the bool, is x ≠ 0 (true for NaN), and `u8` gives 0 or 1.
///
/// # Panics
/// If the lengths differ.
pub fn convert<A: Element, B: Element>(x: &[A], y: &mut [B]) {
    assert_eq!(x.len(), y.len(), "convert: operand and output differ in length");
    if let Some(x) = same::<A, f32>(x) {
        from_f32(x, y)
    } else if let Some(x) = same::<A, f64>(x) {
        from_f64(x, y)
    } else if let Some(x) = same::<A, i32>(x) {
        from_i32(x, y)
    } else if let Some(x) = same::<A, u32>(x) {
        from_u32(x, y)
    } else if let Some(x) = same::<A, u8>(x) {
        from_u8(x, y)
    }
}

/// `x` as a slice of `B`, if that is what it is.
fn same<A: Element, B: Element>(x: &[A]) -> Option<&[B]> {
    // SAFETY: A and B are the same type, so the slice is what it was.
    (TypeId::of::<A>() == TypeId::of::<B>())
        .then(|| unsafe { std::slice::from_raw_parts(x.as_ptr().cast::<B>(), x.len()) })
}

/// `y` as a slice of `B`, if that is what it is.
fn same_mut<A: Element, B: Element>(y: &mut [A]) -> Option<&mut [B]> {
    // SAFETY: A and B are the same type, so the slice is what it was; the borrow of `y` passes to the result.
    (TypeId::of::<A>() == TypeId::of::<B>())
        .then(|| unsafe { std::slice::from_raw_parts_mut(y.as_mut_ptr().cast::<B>(), y.len()) })
}

fn fill<A: Copy, B>(x: &[A], y: &mut [B], f: impl Fn(A) -> B) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f(x);
    }
}

macro_rules! from {
    ($name:ident, $a:ty, $normal:expr) => {
        fn $name<B: Element>(x: &[$a], y: &mut [B]) {
            let normal = $normal;
            if let Some(y) = same_mut::<B, f32>(y) {
                fill(x, y, |x| normal(x) as f32)
            } else if let Some(y) = same_mut::<B, f64>(y) {
                fill(x, y, |x| normal(x) as f64)
            } else if let Some(y) = same_mut::<B, i32>(y) {
                fill(x, y, |x| normal(x) as i32)
            } else if let Some(y) = same_mut::<B, u32>(y) {
                fill(x, y, |x| normal(x) as u32)
            } else if let Some(y) = same_mut::<B, u8>(y) {
                fill(x, y, |x| u8::from(x != <$a>::default()))
            }
        }
    };
}
from!(from_f32, f32, |x: f32| x);
from!(from_f64, f64, |x: f64| x);
from!(from_i32, i32, |x: i32| x);
from!(from_u32, u32, |x: u32| x);
from!(from_u8, u8, |x: u8| u8::from(x != 0));

#[cfg(test)]
mod tests {
    use super::convert;

    fn one<A: crate::Element, B: crate::Element>(x: A) -> B {
        let mut y = [B::default()];
        convert(&[x], &mut y);
        y[0]
    }

    #[test]
    fn floats_truncate_and_saturate() {
        assert_eq!(one::<f32, i32>(-2.7), -2);
        assert_eq!(one::<f64, i32>(1e10), i32::MAX);
        assert_eq!(one::<f64, u32>(-1.0), 0);
        assert_eq!(one::<f32, u32>(f32::NAN), 0);
    }

    #[test]
    fn anything_nonzero_is_true() {
        assert_eq!(one::<f64, u8>(f64::NAN), 1);
        assert_eq!(one::<f64, u8>(-0.0), 0);
        assert_eq!(one::<i32, u8>(256), 1);
        assert_eq!(one::<u8, u8>(7), 1);
        assert_eq!(one::<u8, f64>(7), 1.0);
    }

    #[test]
    fn widening_is_exact_and_wrapping_wraps() {
        assert_eq!(one::<f32, f64>(0.1), f64::from(0.1f32));
        assert_eq!(one::<u32, f64>(u32::MAX), 4294967295.0);
        assert_eq!(one::<i32, u32>(-1), u32::MAX);
        assert_eq!(one::<f32, f32>(1.5), 1.5);
        assert_eq!(one::<u8, i32>(1), 1);
        assert_eq!(one::<f64, f32>(0.1), 0.1f32);
    }

    #[test]
    fn empty_slices_convert() {
        convert::<f32, f64>(&[], &mut []);
    }
}

//! Integers and masks of bytes: plain loops over a function of the caller's, which does not panic on any value.

use super::{Source, each};
use crate::element::Element;

/// y ← f(x).
///
/// # Panics
/// If the lengths differ.
///
/// # Example
/// ```
/// use quadric_kernels::{Int, pointwise::map_int};
/// let mut y = [0; 2];
/// map_int(&[3, i32::MIN], &mut y, |x| Int::sub(0, x)); // modulo 2³²
/// assert_eq!(y, [-3, i32::MIN]);
/// ```
pub fn map_int<T: Element>(x: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    assert_eq!(x.len(), y.len(), "map_int: operand and output differ in length");
    for (y, &x) in y.iter_mut().zip(x) {
        *y = f(x);
    }
}

/// y ← f(a, b).
///
/// # Panics
/// If the lengths differ.
pub fn zip_int<T: Element>(a: &[T], b: &[T], y: &mut [T], f: impl Fn(T, T) -> T) {
    fill(each(a, y.len()), each(b, y.len()), y, f);
}

/// y ← 1 where `holds(a, b)`, else 0.
///
/// # Panics
/// If the lengths differ.
pub fn compare<T: Element>(a: &[T], b: &[T], y: &mut [u8], holds: impl Fn(T, T) -> bool) {
    fill(each(a, y.len()), each(b, y.len()), y, |a, b| u8::from(holds(a, b)));
}

/// y ← a where the mask is not zero, else b, for any element type.
///
/// # Panics
/// If the lengths differ.
pub fn select_any<T: Element>(mask: &[u8], a: &[T], b: &[T], y: &mut [T]) {
    let n = y.len();
    let (mask, a, b) = (each(mask, n), each(a, n), each(b, n));
    for (i, y) in y.iter_mut().enumerate() {
        // Both sides are loaded first, so that this is a select and not a branch.
        let (a, b) = (a.get(i), b.get(i));
        *y = if mask.get(i) != 0 { a } else { b };
    }
}

fn fill<T, U>(a: impl Source<T>, b: impl Source<T>, y: &mut [U], f: impl Fn(T, T) -> U) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = f(a.get(i), b.get(i));
    }
}

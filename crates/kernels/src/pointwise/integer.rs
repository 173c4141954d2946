//! Integers and masks of bytes: plain loops, wrapping arithmetic, no panic on any value.

use super::{Binary, Comparison, Operand, Same, Source, Unary, each};
use crate::element::{Element, Int};

/// y ← op(x), modulo 2ⁿ.
///
/// `Recip` is the truncated 1 / x (0 at 0) and `Powi` with a negative exponent its power; `Floor` changes nothing.
///
/// # Panics
/// If the lengths differ, or for an operation that only reals have (`Exp`, `Sqrt`, …).
pub fn unary_int<T: Int>(op: Unary, x: &[T], y: &mut [T]) {
    assert_eq!(x.len(), y.len(), "unary_int: operand and output differ in length");
    let map = |y: &mut [T], f: &dyn Fn(T) -> T| {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = f(x);
        }
    };
    match op {
        Unary::Neg => x.iter().zip(y).for_each(|(&x, y)| *y = T::ZERO.sub(x)),
        Unary::Square => x.iter().zip(y).for_each(|(&x, y)| *y = x.mul(x)),
        Unary::Not => x.iter().zip(y).for_each(|(&x, y)| *y = truth(x == T::ZERO)),
        Unary::Floor => y.copy_from_slice(x),
        Unary::Abs => map(y, &|x| if x < T::ZERO { T::ZERO.sub(x) } else { x }),
        Unary::Sign => map(y, &|x| match x.cmp(&T::ZERO) {
            std::cmp::Ordering::Less => T::ZERO.sub(T::ONE),
            std::cmp::Ordering::Equal => T::ZERO,
            std::cmp::Ordering::Greater => T::ONE,
        }),
        Unary::Recip => map(y, &|x| T::ONE.div(x)),
        Unary::Powi(n) => map(y, &|x| x.powi(i64::from(n))),
        _ => panic!("unary_int: {op:?} is a function of reals"),
    }
}

/// y ← op(a, b), modulo 2ⁿ; comparisons and `And`, `Or` yield 1 or 0.
///
/// `Div` truncates towards zero and x / 0 = 0; `Pow` with a negative exponent is the truncated reciprocal.
///
/// # Panics
/// If the lengths differ.
pub fn binary_int<T: Int>(op: Binary, a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [T]) {
    match op {
        Binary::Add => zip(a, b, y, T::add),
        Binary::Sub => zip(a, b, y, T::sub),
        Binary::Mul => zip(a, b, y, T::mul),
        Binary::Div => zip(a, b, y, T::div),
        Binary::Pow => zip(a, b, y, |a, b| a.powi(b.to_i64())),
        Binary::Max => zip(a, b, y, T::max),
        Binary::Min => zip(a, b, y, T::min),
        Binary::Lt => zip(a, b, y, |a, b| truth(a < b)),
        Binary::Le => zip(a, b, y, |a, b| truth(a <= b)),
        Binary::Eq => zip(a, b, y, |a, b| truth(a == b)),
        Binary::Ne => zip(a, b, y, |a, b| truth(a != b)),
        Binary::And => zip(a, b, y, |a, b| truth(a != T::ZERO && b != T::ZERO)),
        Binary::Or => zip(a, b, y, |a, b| truth(a != T::ZERO || b != T::ZERO)),
    }
}

/// y ← 1 where the comparison holds, else 0. Every comparison with NaN is false but `Ne`.
///
/// # Panics
/// If the lengths differ.
pub fn compare<T: Element>(op: Comparison, a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [u8]) {
    match op {
        Comparison::Lt => zip(a, b, y, |a, b| u8::from(a < b)),
        Comparison::Le => zip(a, b, y, |a, b| u8::from(a <= b)),
        Comparison::Eq => zip(a, b, y, |a, b| u8::from(a == b)),
        Comparison::Ne => zip(a, b, y, |a, b| u8::from(a != b)),
    }
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

fn zip<T: Element, U>(a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [U], f: impl Fn(T, T) -> U) {
    let n = y.len();
    match (a, b) {
        (Operand::Slice(a), Operand::Slice(b)) => fill(each(a, n), each(b, n), y, f),
        (Operand::Slice(a), Operand::Scalar(b)) => fill(each(a, n), Same(b), y, f),
        (Operand::Scalar(a), Operand::Slice(b)) => fill(Same(a), each(b, n), y, f),
        (Operand::Scalar(a), Operand::Scalar(b)) => fill(Same(a), Same(b), y, f),
    }
}

fn fill<T, U>(a: impl Source<T>, b: impl Source<T>, y: &mut [U], f: impl Fn(T, T) -> U) {
    for (i, y) in y.iter_mut().enumerate() {
        *y = f(a.get(i), b.get(i));
    }
}

/// 1 or 0.
fn truth<T: Int>(b: bool) -> T {
    if b { T::ONE } else { T::ZERO }
}

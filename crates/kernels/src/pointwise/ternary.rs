//! Functions of three operands: `select`.

use super::{Operand, Same, Source, each};
use crate::element::Real;
use crate::isa::{Job, dispatch};

/// y ← a where the mask is not zero, else b.
///
/// Selects, never multiplies: a NaN or an infinity in the branch not taken leaves no trace.
///
/// # Panics
/// If the lengths differ.
pub fn select<T: Real>(mask: Operand<'_, T>, a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [T]) {
    ternary(Select, mask, a, b, y);
}

trait Zip3: Copy {
    fn at<T: Real>(self, a: T, b: T, c: T) -> T;
}

#[derive(Clone, Copy)]
struct Select;

impl Zip3 for Select {
    #[inline(always)]
    fn at<T: Real>(self, mask: T, a: T, b: T) -> T {
        if mask != T::zero() { a } else { b }
    }
}

fn ternary<T: Real>(f: impl Zip3, a: Operand<'_, T>, b: Operand<'_, T>, c: Operand<'_, T>, y: &mut [T]) {
    match a {
        Operand::Slice(a) => with_first(f, each(a, y.len()), b, c, y),
        Operand::Scalar(a) => with_first(f, Same(a), b, c, y),
    }
}

fn with_first<T: Real>(f: impl Zip3, a: impl Source<T>, b: Operand<'_, T>, c: Operand<'_, T>, y: &mut [T]) {
    let n = y.len();
    match (b, c) {
        (Operand::Slice(b), Operand::Slice(c)) => dispatch(Loop { f, a, b: each(b, n), c: each(c, n), y }),
        (Operand::Slice(b), Operand::Scalar(c)) => dispatch(Loop { f, a, b: each(b, n), c: Same(c), y }),
        (Operand::Scalar(b), Operand::Slice(c)) => dispatch(Loop { f, a, b: Same(b), c: each(c, n), y }),
        (Operand::Scalar(b), Operand::Scalar(c)) => dispatch(Loop { f, a, b: Same(b), c: Same(c), y }),
    }
}

struct Loop<'a, F, A, B, C, T> {
    f: F,
    a: A,
    b: B,
    c: C,
    y: &'a mut [T],
}

impl<T: Real, F: Zip3, A: Source<T>, B: Source<T>, C: Source<T>> Job for Loop<'_, F, A, B, C, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Loop { f, a, b, c, y } = self;
        for (i, y) in y.iter_mut().enumerate() {
            *y = f.at(a.get(i), b.get(i), c.get(i));
        }
    }
}

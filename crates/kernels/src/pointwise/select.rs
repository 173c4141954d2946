//! `select`: one of two operands, element by element, by a mask.

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
    use Operand::{Scalar, Slice};
    let n = y.len();
    match (mask, a, b) {
        (Slice(m), Slice(a), Slice(b)) => dispatch(Loop { mask: each(m, n), a: each(a, n), b: each(b, n), y }),
        (Slice(m), Slice(a), Scalar(b)) => dispatch(Loop { mask: each(m, n), a: each(a, n), b: Same(b), y }),
        (Slice(m), Scalar(a), Slice(b)) => dispatch(Loop { mask: each(m, n), a: Same(a), b: each(b, n), y }),
        (Slice(m), Scalar(a), Scalar(b)) => dispatch(Loop { mask: each(m, n), a: Same(a), b: Same(b), y }),
        (Scalar(m), Slice(a), Slice(b)) => dispatch(Loop { mask: Same(m), a: each(a, n), b: each(b, n), y }),
        (Scalar(m), Slice(a), Scalar(b)) => dispatch(Loop { mask: Same(m), a: each(a, n), b: Same(b), y }),
        (Scalar(m), Scalar(a), Slice(b)) => dispatch(Loop { mask: Same(m), a: Same(a), b: each(b, n), y }),
        (Scalar(m), Scalar(a), Scalar(b)) => dispatch(Loop { mask: Same(m), a: Same(a), b: Same(b), y }),
    }
}

struct Loop<'a, M, A, B, T> {
    mask: M,
    a: A,
    b: B,
    y: &'a mut [T],
}

impl<T: Real, M: Source<T>, A: Source<T>, B: Source<T>> Job for Loop<'_, M, A, B, T> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Loop { mask, a, b, y } = self;
        for (i, y) in y.iter_mut().enumerate() {
            // Both sides are loaded first, so that this is a select and not a branch.
            let (a, b) = (a.get(i), b.get(i));
            *y = if mask.get(i) != T::zero() { a } else { b };
        }
    }
}

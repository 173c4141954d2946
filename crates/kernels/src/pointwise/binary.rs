//! Functions of two operands.

use super::{Binary, Operand, Same, Source, each, truth};
use crate::element::Real;
use crate::isa::{Job, dispatch};

/// y ← op(a, b).
///
/// # Panics
/// If the lengths differ.
pub fn binary<T: Real>(op: Binary, a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [T]) {
    let n = y.len();
    match (a, b) {
        (Operand::Slice(a), Operand::Slice(b)) => choose(op, OutOfPlace { a: each(a, n), b: each(b, n), y }),
        (Operand::Slice(a), Operand::Scalar(b)) => choose(op, OutOfPlace { a: each(a, n), b: Same(b), y }),
        (Operand::Scalar(a), Operand::Slice(b)) => choose(op, OutOfPlace { a: Same(a), b: each(b, n), y }),
        (Operand::Scalar(a), Operand::Scalar(b)) => choose(op, OutOfPlace { a: Same(a), b: Same(b), y }),
    }
}

/// y ← op(y, b).
///
/// # Panics
/// If the lengths differ.
pub fn binary_in_place_left<T: Real>(op: Binary, y: &mut [T], b: Operand<'_, T>) {
    let n = y.len();
    match b {
        Operand::Slice(b) => choose(op, InPlaceLeft { y, b: each(b, n) }),
        Operand::Scalar(b) => choose(op, InPlaceLeft { y, b: Same(b) }),
    }
}

/// y ← op(a, y).
///
/// # Panics
/// If the lengths differ.
pub fn binary_in_place_right<T: Real>(op: Binary, a: Operand<'_, T>, y: &mut [T]) {
    let n = y.len();
    match a {
        Operand::Slice(a) => choose(op, InPlaceRight { a: each(a, n), y }),
        Operand::Scalar(a) => choose(op, InPlaceRight { a: Same(a), y }),
    }
}

/// A function of two numbers, known at compile time.
trait Zip: Copy {
    fn at<T: Real>(self, a: T, b: T) -> T;
}

macro_rules! zips {
    ($($name:ident: |$a:ident, $b:ident| $y:expr;)*) => {$(
        #[derive(Clone, Copy)]
        struct $name;
        impl Zip for $name {
            #[inline(always)]
            fn at<T: Real>(self, $a: T, $b: T) -> T {
                $y
            }
        }
    )*};
}

zips! {
    Add: |a, b| a + b;
    Sub: |a, b| a - b;
    Mul: |a, b| a * b;
    Div: |a, b| a / b;
    Pow: |a, b| a.powf(b);
    // A NaN in b fails the comparison and is returned as b; `Float::max` would drop it.
    Max: |a, b| if (a > b) | a.is_nan() { a } else { b };
    Min: |a, b| if (a < b) | a.is_nan() { a } else { b };
    Lt: |a, b| truth(a < b);
    Le: |a, b| truth(a <= b);
    Eq: |a, b| truth(a == b);
    Ne: |a, b| truth(a != b);
    And: |a, b| truth((a != T::zero()) & (b != T::zero()));
    Or: |a, b| truth((a != T::zero()) | (b != T::zero()));
}

/// What to do with the operation once it is known.
trait Apply {
    fn apply<F: Zip>(self, f: F);
}

fn choose(op: Binary, to: impl Apply) {
    match op {
        Binary::Add => to.apply(Add),
        Binary::Sub => to.apply(Sub),
        Binary::Mul => to.apply(Mul),
        Binary::Div => to.apply(Div),
        Binary::Pow => to.apply(Pow),
        Binary::Max => to.apply(Max),
        Binary::Min => to.apply(Min),
        Binary::Lt => to.apply(Lt),
        Binary::Le => to.apply(Le),
        Binary::Eq => to.apply(Eq),
        Binary::Ne => to.apply(Ne),
        Binary::And => to.apply(And),
        Binary::Or => to.apply(Or),
    }
}

struct OutOfPlace<'a, T, A, B> {
    a: A,
    b: B,
    y: &'a mut [T],
}

struct InPlaceLeft<'a, T, B> {
    y: &'a mut [T],
    b: B,
}

struct InPlaceRight<'a, T, A> {
    a: A,
    y: &'a mut [T],
}

/// An operation together with its operands: the loop.
struct With<F, O>(F, O);

impl<T: Real, A: Source<T>, B: Source<T>> Apply for OutOfPlace<'_, T, A, B> {
    fn apply<F: Zip>(self, f: F) {
        dispatch(With(f, self));
    }
}

impl<T: Real, B: Source<T>> Apply for InPlaceLeft<'_, T, B> {
    fn apply<F: Zip>(self, f: F) {
        dispatch(With(f, self));
    }
}

impl<T: Real, A: Source<T>> Apply for InPlaceRight<'_, T, A> {
    fn apply<F: Zip>(self, f: F) {
        dispatch(With(f, self));
    }
}

impl<T: Real, F: Zip, A: Source<T>, B: Source<T>> Job for With<F, OutOfPlace<'_, T, A, B>> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let With(f, OutOfPlace { a, b, y }) = self;
        for (i, y) in y.iter_mut().enumerate() {
            *y = f.at(a.get(i), b.get(i));
        }
    }
}

impl<T: Real, F: Zip, B: Source<T>> Job for With<F, InPlaceLeft<'_, T, B>> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let With(f, InPlaceLeft { y, b }) = self;
        for (i, y) in y.iter_mut().enumerate() {
            *y = f.at(*y, b.get(i));
        }
    }
}

impl<T: Real, F: Zip, A: Source<T>> Job for With<F, InPlaceRight<'_, T, A>> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let With(f, InPlaceRight { a, y }) = self;
        for (i, y) in y.iter_mut().enumerate() {
            *y = f.at(a.get(i), *y);
        }
    }
}

//! Functions of two operands.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{Operand, Same, Source, each, truth};
use crate::element::{BinaryLoop, Real};
use crate::isa::{Job, dispatch};

/// A function of two numbers, with its loops. The comparisons, `AND` and `OR` yield 1 or 0.
///
/// Equal when the name is.
#[derive(Clone, Copy)]
pub struct Binary(&'static Loops);

/// The loops of a function, one a format.
pub(crate) struct Loops {
    name: &'static str,
    f32: BinaryLoop<f32>,
    f64: BinaryLoop<f64>,
}

impl Binary {
    /// The function `F`.
    pub(crate) const fn of<F: Zip>() -> Binary {
        Binary(F::LOOPS)
    }

    /// The name, as in `add`.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// y ← f(a, b).
    ///
    /// # Panics
    /// If the lengths differ.
    ///
    /// # Example
    /// ```
    /// use quadric_kernels::{Binary, Operand};
    /// let mut y = [0.0; 2];
    /// Binary::SUB.apply(Operand::Slice(&[4.0, 9.0]), Operand::Scalar(1.0), &mut y);
    /// assert_eq!(y, [3.0, 8.0]);
    /// ```
    pub fn apply<T: Real>(self, a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [T]) {
        T::choose_binary(self.0.f32, self.0.f64)(a, b, y);
    }

    /// f(a, b), the very bits that [`apply`](Binary::apply) gives for an element.
    pub fn at<T: Real>(self, a: T, b: T) -> T {
        let mut y = [T::zero()];
        self.apply(Operand::Scalar(a), Operand::Scalar(b), &mut y);
        y[0]
    }
}

impl PartialEq for Binary {
    fn eq(&self, other: &Binary) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Binary {}

impl Hash for Binary {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A function of two numbers, known at compile time.
pub(crate) trait Zip: Copy + Default + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Its loops.
    const LOOPS: &'static Loops = &Loops { name: Self::NAME, f32: run::<Self, f32>, f64: run::<Self, f64> };
    /// The function.
    fn at<T: Real, const FMA: bool>(self, a: T, b: T) -> T;
}

/// Declares functions: `NAME = "name": |a, b| expression;`. The expression may use `T`, the format, and `FMA`. The
/// tests find the functions in `BINARY`.
macro_rules! binary {
    ($($(#[$doc:meta])* $NAME:ident = $name:literal: |$a:ident, $b:ident| $y:expr;)*) => {
        impl $crate::pointwise::Binary {$(
            $(#[$doc])*
            pub const $NAME: $crate::pointwise::Binary = {
                #[derive(Clone, Copy, Default)]
                struct Function;
                impl $crate::pointwise::binary::Zip for Function {
                    const NAME: &'static str = $name;
                    #[inline(always)]
                    fn at<T: $crate::element::Real, const FMA: bool>(self, $a: T, $b: T) -> T {
                        $y
                    }
                }
                $crate::pointwise::Binary::of::<Function>()
            };
        )*}
        #[cfg(test)]
        pub(crate) const BINARY: &[$crate::pointwise::Binary] = &[$($crate::pointwise::Binary::$NAME),*];
    };
}
pub(crate) use binary;

binary! {
    /// a + b.
    ADD = "add": |a, b| a + b;
    /// a - b.
    SUB = "sub": |a, b| a - b;
    /// a b.
    MUL = "mul": |a, b| a * b;
    /// a / b.
    DIV = "div": |a, b| a / b;
    /// aᵇ, the standard library's.
    POW = "pow": |a, b| a.powf(b);
    /// The angle of the point (b, a) from the first axis, in (-π, π], the standard library's.
    ATAN2 = "atan2": |a, b| a.atan2(b);
    /// √(a² + b²), without overflow or underflow in between. ∞ if either operand is infinite, also beside a NaN, as IEEE 754 has it;
    /// else NaN if either is NaN. `f64` is `libm`'s, `f32` computes in `f64`.
    HYPOT = "hypot": |a, b| T::hypotenuse(a, b);
    /// The larger one; NaN if either is.
    // A NaN in b fails the comparison and is returned as b; `Float::max` would drop it.
    MAX = "max": |a, b| if (a > b) | a.is_nan() { a } else { b };
    /// The smaller one; NaN if either is.
    MIN = "min": |a, b| if (a < b) | a.is_nan() { a } else { b };
    /// a < b.
    LT = "lt": |a, b| truth(a < b);
    /// a ≤ b.
    LE = "le": |a, b| truth(a <= b);
    /// a = b.
    EQ = "eq": |a, b| truth(a == b);
    /// a ≠ b; true for NaN.
    NE = "ne": |a, b| truth(a != b);
    /// Both are nonzero.
    AND = "and": |a, b| truth((a != T::zero()) & (b != T::zero()));
    /// One or both are nonzero.
    OR = "or": |a, b| truth((a != T::zero()) | (b != T::zero()));
}

fn run<F: Zip, T: Real>(a: Operand<'_, T>, b: Operand<'_, T>, y: &mut [T]) {
    let (f, n) = (F::default(), y.len());
    match (a, b) {
        (Operand::Slice(a), Operand::Slice(b)) => dispatch(Loop { f, a: each(a, n), b: each(b, n), y }),
        (Operand::Slice(a), Operand::Scalar(b)) => dispatch(Loop { f, a: each(a, n), b: Same(b), y }),
        (Operand::Scalar(a), Operand::Slice(b)) => dispatch(Loop { f, a: Same(a), b: each(b, n), y }),
        (Operand::Scalar(a), Operand::Scalar(b)) => dispatch(Loop { f, a: Same(a), b: Same(b), y }),
    }
}

struct Loop<'a, F, T, A, B> {
    f: F,
    a: A,
    b: B,
    y: &'a mut [T],
}

impl<T: Real, F: Zip, A: Source<T>, B: Source<T>> Job for Loop<'_, F, T, A, B> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Loop { f, a, b, y } = self;
        for (i, y) in y.iter_mut().enumerate() {
            *y = f.at::<T, FMA>(a.get(i), b.get(i));
        }
    }
}

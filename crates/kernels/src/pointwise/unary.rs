//! Functions of one slice.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::truth;
use crate::element::{Real, UnaryLoop};
use crate::isa::{Job, dispatch};

/// A function of one number, with its loops.
///
/// Equal when name and parameter are.
#[derive(Clone, Copy)]
pub struct Unary {
    loops: &'static Loops,
    /// The parameter of a function that has one ([`Unary::powi`]).
    n: Option<i32>,
}

/// The loops of a function, one a format: yᵢ ← f(xᵢ) for slices of one length.
pub(crate) struct Loops {
    name: &'static str,
    f32: UnaryLoop<f32>,
    f64: UnaryLoop<f64>,
}

impl Loops {
    /// The loops of a function of this name.
    pub(crate) const fn new(name: &'static str, f32: UnaryLoop<f32>, f64: UnaryLoop<f64>) -> Loops {
        Loops { name, f32, f64 }
    }
}

impl Unary {
    /// The function `F`.
    pub(crate) const fn of<F: Map>() -> Unary {
        Unary { loops: F::LOOPS, n: None }
    }

    /// A function with a parameter, chosen inside its loops.
    pub(crate) const fn with_parameter(loops: &'static Loops, n: i32) -> Unary {
        Unary { loops, n: Some(n) }
    }

    /// The name, as in `exp`.
    pub fn name(self) -> &'static str {
        self.loops.name
    }

    /// y ← f(x).
    ///
    /// # Panics
    /// If the lengths differ.
    ///
    /// # Example
    /// ```
    /// let mut y = [0.0; 2];
    /// quadric_kernels::Unary::SQRT.apply(&[4.0, 9.0], &mut y);
    /// assert_eq!(y, [2.0, 3.0]);
    /// ```
    pub fn apply<T: Real>(self, x: &[T], y: &mut [T]) {
        assert_eq!(x.len(), y.len(), "unary: operand and output differ in length");
        T::choose_unary(self.loops.f32, self.loops.f64)(self.n.unwrap_or(0), x, y);
    }

    /// f(x), the very bits that [`apply`](Unary::apply) gives for an element.
    pub fn at<T: Real>(self, x: T) -> T {
        let mut y = [T::zero()];
        self.apply(&[x], &mut y);
        y[0]
    }
}

impl PartialEq for Unary {
    fn eq(&self, other: &Unary) -> bool {
        self.name() == other.name() && self.n == other.n
    }
}

impl Eq for Unary {}

impl Hash for Unary {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
        self.n.hash(state);
    }
}

impl fmt::Debug for Unary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.n {
            None => f.write_str(self.name()),
            Some(n) => write!(f, "{}({n})", self.name()),
        }
    }
}

/// A function of one number, known at compile time.
pub(crate) trait Map: Copy + Default + 'static {
    /// Its name.
    const NAME: &'static str;
    /// Whether some arguments take [`Map::slow`]; the others then must not depend on it.
    const HAS_SLOW: bool = false;
    /// Its loops.
    const LOOPS: &'static Loops = &Loops::new(Self::NAME, run::<Self, f32>, run::<Self, f64>);
    /// The function.
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

/// Declares functions: `NAME = "name": |x| expression;`, or `…: |x| expression, slow where condition => expression;`. They may use `T`, the
/// format, and the expression before the comma `FMA`. The tests find the functions in `DECLARED`.
macro_rules! unary {
    ($($(#[$doc:meta])* $NAME:ident = $name:literal: |$x:ident| $y:expr $(, slow where $far:expr => $slow:expr)?;)*) => {
        impl $crate::pointwise::Unary {$(
            $(#[$doc])*
            pub const $NAME: $crate::pointwise::Unary = {
                #[derive(Clone, Copy, Default)]
                struct Function;
                impl $crate::pointwise::unary::Map for Function {
                    const NAME: &'static str = $name;
                    #[inline(always)]
                    fn at<T: $crate::element::Real, const FMA: bool>(self, $x: T) -> T {
                        $y
                    }
                    $(
                        const HAS_SLOW: bool = true;
                        #[inline(always)]
                        fn is_slow<T: $crate::element::Real>(self, $x: T) -> bool {
                            $far
                        }
                        fn slow<T: $crate::element::Real>(self, $x: T) -> T {
                            $slow
                        }
                    )?
                }
                $crate::pointwise::Unary::of::<Function>()
            };
        )*}
        #[cfg(test)]
        pub(crate) const DECLARED: &[$crate::pointwise::Unary] = &[$($crate::pointwise::Unary::$NAME),*];
    };
}
pub(crate) use unary;

/// Declares functions with a parameter: `name(n) = "name": loop, tested at [n, …], { checks of n };`. The tests find them in `FAMILIES`.
macro_rules! family {
    ($($(#[$doc:meta])* $name:ident($n:ident) = $text:literal: $run:ident, tested at [$($sample:expr),*], $check:block;)*) => {
        impl $crate::pointwise::Unary {$(
            $(#[$doc])*
            pub const fn $name($n: i32) -> $crate::pointwise::Unary {
                const LOOPS: &$crate::pointwise::unary::Loops =
                    &$crate::pointwise::unary::Loops::new($text, $run::<f32>, $run::<f64>);
                $check
                $crate::pointwise::Unary::with_parameter(LOOPS, $n)
            }
        )*}
        #[cfg(test)]
        pub(crate) const FAMILIES: &[$crate::pointwise::Unary] = &[$($($crate::pointwise::Unary::$name($sample)),*),*];
    };
}
pub(crate) use family;

unary! {
    /// -x.
    NEG = "neg": |x| -x;
    /// |x|.
    ABS = "abs": |x| x.abs();
    /// -1, 0 or 1; zeros keep their sign and NaN stays.
    SIGN = "sign": |x| if x > T::zero() { T::one() } else if x < T::zero() { -T::one() } else { x };
    /// √x.
    SQRT = "sqrt": |x| x.sqrt();
    /// 1 / √x.
    RSQRT = "rsqrt": |x| T::one() / x.sqrt();
    /// 1 / x.
    RECIP = "recip": |x| T::one() / x;
    /// The largest integer not above x.
    FLOOR = "floor": |x| x.floor();
    /// The smallest integer not below x.
    CEIL = "ceil": |x| x.ceil();
    /// The nearest integer, of two equally near ones the even one.
    ROUND = "round": |x| Real::round_ties_even(x);
    /// 1 where x is zero, else 0: the negation of a mask.
    NOT = "not": |x| truth(x == T::zero());
}

/// Elements per chunk where something is decided, or buffered, chunk by chunk.
pub(super) const CHUNK: usize = 256;

fn run<F: Map, T: Real>(_: i32, x: &[T], y: &mut [T]) {
    dispatch(Loop { f: F::default(), x, y });
}

struct Loop<'a, T, F> {
    f: F,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Real, F: Map> Job for Loop<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Loop { f, x, y } = self;
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

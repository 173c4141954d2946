//! Elementwise: arithmetic, comparisons, choices.

use super::{IntoOperand, Var, put};
use crate::dtype::DType;
use crate::error::{Error, ErrorKind};
use crate::ops::{self, op};
use crate::tape::Op;
use crate::trace::frame::{square_of, squared};
use crate::trace::stop;

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        $( $(#[$doc])* #[track_caller] #[must_use] pub fn $name(self) -> Var { put(op(ops::$op), &[self]) } )*
    };
}

macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident => $op:ident;)*) => {
        $(
            $(#[$doc])* #[track_caller] #[must_use] pub fn $name(self, other: impl IntoOperand) -> Var {
                pair(op(ops::$op), self, other.into_operand(self))
            }
        )*
    };
}

/// An elementwise op over operands that broadcast.
#[track_caller]
fn pair(op: Op, a: Var, b: Var) -> Var {
    if a == b
        && op.is::<ops::Mul>()
        && let Some(square) = square_of(a)
    {
        return square;
    }
    let (ta, tb) = (a.ty(), b.ty());
    if ta.shape == tb.shape || ta.dtype != tb.dtype {
        return put(op, &[a, b]);
    }
    match ta.shape.broadcast_with(&tb.shape) {
        Some(shape) => put(op, &[a.broadcast_to(&shape), b.broadcast_to(&shape)]),
        None => {
            stop(Error::new(ErrorKind::Shape, format!("{}: shapes do not broadcast: lhs {ta}, rhs {tb}", op.name())))
        }
    }
}

impl Var {
    unary! {
        /// eˣ
        exp => Exp;
        /// eˣ − 1, accurate near 0
        expm1 => Expm1;
        /// ln x
        log => Log;
        /// ln(1 + x), accurate near 0
        log1p => Log1p;
        /// √x
        sqrt => Sqrt;
        /// 1/√x
        rsqrt => Rsqrt;
        /// 1/x
        recip => Recip;
        /// sin x, x in radians
        sin => Sin;
        /// cos x, x in radians
        cos => Cos;
        /// The hyperbolic sine, accurate near 0
        sinh => Sinh;
        /// The hyperbolic cosine
        cosh => Cosh;
        /// The hyperbolic tangent.
        tanh => Tanh;
        /// The hyperbolic secant, 1/cosh x
        sech => Sech;
        /// The angle in [−π/2, π/2] whose sine is x; NaN for |x| > 1
        asin => Asin;
        /// The angle in [0, π] whose cosine is x; NaN for |x| > 1
        acos => Acos;
        /// The angle in [−π/2, π/2] whose tangent is x
        atan => Atan;
        /// The number whose sinh is x
        asinh => Asinh;
        /// The number not below 0 whose cosh is x; NaN for x < 1
        acosh => Acosh;
        /// The number whose tanh is x; NaN for |x| > 1
        atanh => Atanh;
        /// The error function.
        erf => Erf;
        /// 1 − erf x, accurate in the right tail
        erfc => Erfc;
        /// The number whose erf is x; ±∞ at ±1, NaN beyond
        erf_inv => ErfInv;
        /// e^(−x²), accurate in the tails
        gaussian => Gaussian;
        /// e^(−x²/2), accurate in the tails
        half_gaussian => HalfGaussian;
        /// Φ(x), the standard normal distribution function, accurate in the left tail
        normal_cdf => NormalCdf;
        /// 1/(1 + e⁻ˣ)
        logistic => Logistic;
        /// ln(1 + eˣ)
        softplus => Softplus;
        /// |x|, with derivative 0 at 0
        abs => Abs;
        /// −1, 0 or 1
        sign => Sign;
        /// ⌊x⌋
        floor => Floor;
        /// ⌈x⌉
        ceil => Ceil;
        /// The nearest integer, of two equally near ones the even one.
        round => Round;
        /// ln |Γ(x)|
        lgamma => Lgamma;
        /// ¬x, for bools
        logical_not => Not;
        /// x as a constant to every derivative.
        stop_gradient => StopGradient;
    }

    binary! {
        /// The larger of both; ties share the derivative equally.
        maximum => Maximum;
        /// The smaller of both; ties share the derivative equally.
        minimum => Minimum;
        /// The angle of the point (other, self) from the first axis, in (−π, π].
        atan2 => Atan2;
        /// √(self² + other²), with no square that leaves the dtype
        hypot => Hypot;
        /// ln(e^self + e^other); −∞ with derivative 0 where both are −∞
        logaddexp => LogAddExp;
        /// self < other
        lt => Lt;
        /// self ≤ other
        le => Le;
        /// self = other
        equal => Eq;
        /// self ≠ other
        not_equal => Ne;
        /// self ∧ other, for bools
        and => And;
        /// self ∨ other, for bools
        or => Or;
    }

    /// self > other
    #[track_caller]
    #[must_use]
    pub fn gt(self, other: impl IntoOperand) -> Var {
        other.into_operand(self).lt(self)
    }

    /// self ≥ other
    #[track_caller]
    #[must_use]
    pub fn ge(self, other: impl IntoOperand) -> Var {
        other.into_operand(self).le(self)
    }

    /// selfᵇ. If b is a number and whole, this is [`powi`](Var::powi), which has derivatives at 0 and below. A power of a square `x * x` by
    /// another number is that of |x|: `(x * x).pow(1.5)` is |x|³, with derivative 0 at 0, where a chain of derivatives would meet 0 · ∞.
    ///
    /// At self = 0 derivatives are limits: `∂²aᵇ/∂a∂b = aᵇ⁻¹ (1 + b ln a)` is 0 for b > 1, and −∞ for 0 < b ≤ 1.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// assert_eq!(grad(|x: Var| x.pow(1.5).sum(), &tensor![4.0, 0.0])?, tensor![3.0, 0.0]);
    /// assert_eq!(grad(|b: Var| b.full_like(2.0).pow(b).sum(), &tensor![3.0])?, tensor![8.0 * 2f64.ln()]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn pow(self, b: impl IntoOperand) -> Var {
        /// Beyond, a whole number is one by rounding.
        const LARGEST: f64 = (1 << 24) as f64;
        let Some(number) = b.as_number() else { return pair(op(ops::Pow), self, b.into_operand(self)) };
        if number.fract() == 0.0 && number.abs() <= LARGEST {
            return self.powi(number as i32);
        }
        match squared(self) {
            Some(x) => x.abs().pow(2.0 * number),
            None => pair(op(ops::Pow), self, b.into_operand(self)),
        }
    }

    /// xⁿ for an integer n
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// assert_eq!(grad(|x: Var| x.powi(3).sum(), &tensor![2.0, -1.0])?, tensor![12.0, 3.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn powi(self, n: i32) -> Var {
        match square_of(self) {
            Some(square) if n == 2 => square,
            _ => put(op(ops::Powi { n }), &[self]),
        }
    }

    /// The entries moved into `[low, high]`. The derivative is 1 inside and 0 outside; at the bounds the two share it, ½ each. NaN stays.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.clamp(-1.0, 1.0)).call(tensor![-3.0, 0.5, f64::INFINITY])?;
    /// assert_eq!(y, tensor![-1.0, 0.5, 1.0]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn clamp(self, low: impl IntoOperand, high: impl IntoOperand) -> Var {
        self.maximum(low).minimum(high)
    }

    /// ψ(x), the derivative of [`lgamma`](Var::lgamma).
    #[track_caller]
    #[must_use]
    pub fn digamma(self) -> Var {
        self.polygamma(0)
    }

    /// ψ⁽ⁿ⁾(x), the n-th derivative of [`digamma`](Var::digamma), 0 ≤ n ≤ 100.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{tensor, trace::{Var, grad}};
    /// // ψ′(1) = π²/6
    /// let slope = grad(|x: Var| x.digamma().sum(), &tensor![1.0])?;
    /// assert!((slope.to_f64_vec()[0] - std::f64::consts::PI.powi(2) / 6.0).abs() < 1e-15);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn polygamma(self, n: i32) -> Var {
        put(op(ops::Polygamma { n }), &[self])
    }

    /// The same numbers in another dtype.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, tensor, trace::{Var, compile}};
    /// let y = compile(|x: Var| x.convert(DType::I32)).call(tensor![1.5, -1.5])?;
    /// assert_eq!(y, tensor![1, -1]);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[track_caller]
    #[must_use]
    pub fn convert(self, dtype: DType) -> Var {
        if self.dtype() == dtype { self } else { put(op(ops::Convert { dtype }), &[self]) }
    }
}

/// `p ? a : b`, elementwise; all three broadcast, and a number takes the dtype of the other. It selects and never multiplies: what is not
/// selected does no harm, in value or derivative.
///
/// # Example
/// ```
/// use quadric_autodiff::{tensor, trace::{Var, grad, select}};
/// // relu, whose derivative at 0 is 0.
/// let relu = |x: Var| select(x.gt(0.0), x, x.zeros_like());
/// assert_eq!(grad(|x: Var| relu(x).sum(), &tensor![-1.0, 0.0, 2.0])?, tensor![0.0, 0.0, 1.0]);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
#[track_caller]
#[must_use]
pub fn select(p: Var, a: impl IntoOperand, b: impl IntoOperand) -> Var {
    let Some(like) = a.as_var().or(b.as_var()) else {
        let what = "select: two numbers have no dtype; give one of them as scalar(dtype, x)";
        stop(Error::new(ErrorKind::DType, what))
    };
    let (a, b) = (a.into_operand(like), b.into_operand(like));
    let shape = p.shape().broadcast_with(&a.shape()).and_then(|s| s.broadcast_with(&b.shape()));
    let Some(shape) = shape else {
        let what = format!("select: shapes do not broadcast: {}, {}, {}", p.ty(), a.ty(), b.ty());
        stop(Error::new(ErrorKind::Shape, what))
    };
    put(op(ops::Select), &[p.broadcast_to(&shape), a.broadcast_to(&shape), b.broadcast_to(&shape)])
}

macro_rules! operators {
    ($($trait:ident $method:ident $op:ident;)*) => { $(
        operators!(@one $trait $method $op; Var, Var; |a, b| (a, b));
        operators!(@one $trait $method $op; Var, &Var; |a, b| (a, *b));
        operators!(@one $trait $method $op; &Var, Var; |a, b| (*a, b));
        operators!(@one $trait $method $op; &Var, &Var; |a, b| (*a, *b));
        operators!(@one $trait $method $op; Var, f64; |a, b| (a, a.number(b)));
        operators!(@one $trait $method $op; &Var, f64; |a, b| (*a, a.number(b)));
        operators!(@one $trait $method $op; f64, Var; |a, b| (b.number(a), b));
        operators!(@one $trait $method $op; f64, &Var; |a, b| (b.number(a), *b));
    )* };
    (@one $trait:ident $method:ident $op:ident; $lhs:ty, $rhs:ty; |$a:ident, $b:ident| $pair:expr) => {
        impl std::ops::$trait<$rhs> for $lhs {
            type Output = Var;
            #[track_caller]
            fn $method(self, rhs: $rhs) -> Var {
                let ($a, $b) = (self, rhs);
                let (a, b) = $pair;
                pair(op(ops::$op), a, b)
            }
        }
    };
}
operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
}

impl std::ops::Neg for Var {
    type Output = Var;
    #[track_caller]
    fn neg(self) -> Var {
        put(op(ops::Neg), &[self])
    }
}

impl std::ops::Neg for &Var {
    type Output = Var;
    #[track_caller]
    fn neg(self) -> Var {
        -*self
    }
}

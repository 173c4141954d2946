//! What the elementary functions need to know about a floating-point format.

use num_traits::Float;

/// The constants, polynomials and bit tricks of one format. Sealed by being unreachable from outside the crate.
pub trait Lane: Float {
    /// ½.
    const HALF: Self;
    /// 1.
    const ONE: Self;
    /// 2.
    const TWO: Self;
    /// 1.5 · 2^(p-1) for p bits of precision: adding and subtracting it rounds to an integer, ties to even.
    const MAGIC: Self;
    /// log₂ e.
    const LOG2_E: Self;
    /// ln 2 rounded to so few bits that its product with an exponent is exact.
    const LN2_HI: Self;
    /// ln 2 - `LN2_HI`.
    const LN2_LO: Self;
    /// Above this, e^x overflows.
    const EXP_MAX: Self;
    /// Below this, e^x rounds to zero.
    const EXP_MIN: Self;
    /// Below this, e^x - 1 rounds to -1.
    const EXPM1_MIN: Self;
    /// From here on, tanh rounds to 1.
    const TANH_ONE: Self;
    /// From here on, erf rounds to 1.
    const ERF_ONE: Self;
    /// From here on, e^(-x²) rounds to zero.
    const GAUSSIAN_ZERO: Self;
    /// From here on, e^(-x²/2) rounds to zero.
    const HALF_GAUSSIAN_ZERO: Self;
    /// Terms that a matrix product with a long inner dimension adds one after the other, before they join the rest.
    const PRODUCT_DEPTH: usize;
    /// The smallest |n| for which `powi` does not go without its rounding errors.
    const POWER_COMPENSATED: u32;
    /// Below this, x + x²/2 rounds to x.
    const LINEAR: Self;
    /// Below this, x - x³/3 rounds to x.
    const CUBIC: Self;
    /// The largest |x| that the fast reduction of sin and cos takes.
    const TRIG_MAX: Self;
    /// √2.
    const SQRT_TWO: Self;
    /// 13/16.
    const MILLS_SLOPE: Self;
    /// 13/16 √2.
    const SQRT_TWO_MILLS_SLOPE: Self;
    /// √2 - 1.
    const SQRT_TWO_MINUS_ONE: Self;

    /// x with the lower half of its digits cleared, so that a product of two such numbers is exact.
    fn head(self) -> Self;
    /// 2^k for an integer k in the range of normal exponents.
    fn pow2(k: Self) -> Self;
    /// (k, m) with x = 2^k m and √½ ≤ m < √2, for positive finite x, subnormal ones included.
    fn split_exponent(x: Self) -> (Self, Self);
    /// q with e^r = 1 + r + r² q(r), |r| ≤ ln 2 / 2.
    fn exp_poly<const FMA: bool>(r: Self) -> Self;
    /// R with ln((1 + s) / (1 - s)) = 2 s + s z R(z), z = s², |s| ≤ 3 - 2√2.
    fn log_poly<const FMA: bool>(z: Self) -> Self;
    /// p with erf x = x + x p(z), z = x² ≤ 1.
    fn erf_small<const FMA: bool>(z: Self) -> Self;
    /// e^(t²) erfc t for 1 ≤ t ≤ `ERF_ONE`, as accurate as erf t needs it.
    fn erf_tail<const FMA: bool>(t: Self) -> Self;
    /// G with Φ(-t) = e^(-t²/2) G(s) / (1 + 13/16 t), s = (t - 4) / (t + 4), for 0 ≤ t ≤ `HALF_GAUSSIAN_ZERO`.
    fn mills_poly<const FMA: bool>(s: Self) -> Self;
    /// √(a² + b²), infinite if one of them is.
    fn hypotenuse(a: Self, b: Self) -> Self;
    /// sin x for |x| ≤ `TRIG_MAX`.
    fn fast_sin<const FMA: bool>(x: Self) -> Self;
    /// cos x for |x| ≤ `TRIG_MAX`.
    fn fast_cos<const FMA: bool>(x: Self) -> Self;

    /// C ← A B + β C by `matrixmultiply`; strides are (row, column).
    ///
    /// # Safety
    /// The matrices are valid for their sizes and strides, and C overlaps neither operand nor itself.
    #[expect(clippy::too_many_arguments, reason = "the signature of a BLAS product")]
    unsafe fn gemm(
        m: usize,
        k: usize,
        n: usize,
        a: *const Self,
        a_strides: (isize, isize),
        b: *const Self,
        b_strides: (isize, isize),
        beta: Self,
        c: *mut Self,
        c_strides: (isize, isize),
    );
}

/// a b + c, fused or rounded twice.
#[inline(always)]
pub(super) fn fma<T: Lane, const FMA: bool>(a: T, b: T, c: T) -> T {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// c₀ + c₁ x + c₂ x² + … by Horner's rule; the loop has a constant length and unrolls.
#[inline(always)]
pub(super) fn horner<T: Lane, const FMA: bool, const N: usize>(x: T, c: [T; N]) -> T {
    let mut sum = c[N - 1];
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        sum = fma::<T, FMA>(sum, x, c[i]);
    }
    sum
}

/// a - b as rounded difference and rounding error (Knuth's two-sum).
#[inline(always)]
pub(super) fn two_diff<T: Lane>(a: T, b: T) -> (T, T) {
    let d = a - b;
    let v = d - a;
    (d, (a - (d - v)) - (b + v))
}

/// (hi, lo) with a b = hi + lo, to the last digit or so of lo, where neither leaves the range of normal numbers (Dekker 1971).
#[inline(always)]
pub(crate) fn two_product<T: Lane, const FMA: bool>(a: T, b: T) -> (T, T) {
    let hi = a * b;
    if FMA {
        return (hi, a.mul_add(b, -hi));
    }
    // The halves by their bits: a product with 2^27 + 1, the usual way, may overflow.
    let (a_head, b_head) = (a.head(), b.head());
    let (a_tail, b_tail) = (a - a_head, b - b_head);
    // In this order every difference is exact.
    (hi, (((a_head * b_head - hi) + a_head * b_tail) + a_tail * b_head) + a_tail * b_tail)
}

/// x rounded to an integer, for |x| < 2^(p-2).
#[inline(always)]
pub(super) fn round<T: Lane>(x: T) -> T {
    (x + T::MAGIC) - T::MAGIC
}

/// x with its magnitude limited, NaN kept: `Float::min` would drop it.
#[inline(always)]
pub(super) fn at_most<T: Lane>(x: T, limit: T) -> T {
    if x > limit { limit } else { x }
}

/// x limited from below, NaN kept.
#[inline(always)]
pub(super) fn at_least<T: Lane>(x: T, limit: T) -> T {
    if x < limit { limit } else { x }
}

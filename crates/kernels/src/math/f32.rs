//! Constants and polynomials of `f32`; the coefficients come from `tools/coefficients.py`.

use super::lane::{Lane, fma, horner};

impl Lane for f32 {
    const HALF: f32 = 0.5;
    const ONE: f32 = 1.0;
    const TWO: f32 = 2.0;
    const MAGIC: f32 = 12582912.0; // 1.5 · 2^23
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN2_HI: f32 = f32::from_bits(0x3f31_7200);
    const LN2_LO: f32 = f32::from_bits(0x35bf_be8e);
    const EXP_MAX: f32 = 89.0;
    const EXP_MIN: f32 = -105.0;
    const EXPM1_MIN: f32 = -20.0;
    const TANH_ONE: f32 = 10.0;
    const ERF_ONE: f32 = 4.0;
    const GAUSSIAN_ZERO: f32 = 10.25;
    const HALF_GAUSSIAN_ZERO: f32 = 14.5;
    const PRODUCT_DEPTH: usize = 96; // n · 0.1 to 1e-6; products take up to 10 % longer than with 256
    const POWER_COMPENSATED: u32 = 1 << 26; // up to there the error in `f64` is below 2^-27
    const LINEAR: f32 = 2.9802322e-8; // 2^-25
    const CUBIC: f32 = 0.00012207031; // 2^-13
    const TRIG_MAX: f32 = 1048576.0; // 2^20
    const SQRT_TWO: f32 = std::f32::consts::SQRT_2;
    const MILLS_SLOPE: f32 = 0.8125;
    const SQRT_TWO_MILLS_SLOPE: f32 = 1.1490486;
    const SQRT_TWO_MINUS_ONE: f32 = 0.41421357;

    #[inline(always)]
    fn head(self) -> f32 {
        f32::from_bits(self.to_bits() & !0xfff)
    }

    #[inline(always)]
    fn pow2(k: f32) -> f32 {
        // The sum has k + 127 in its low bits; the shift drops everything above.
        f32::from_bits((k + (Self::MAGIC + 127.0)).to_bits() << 23)
    }

    #[inline(always)]
    fn split_exponent(x: f32) -> (f32, f32) {
        let subnormal = x < f32::MIN_POSITIVE;
        let (x, bias) = (x * if subnormal { 33554432.0 } else { 1.0 }, if subnormal { 152.0 } else { 127.0 });
        const SQRT_HALF: u32 = 0x3f35_04f3;
        let shifted = x.to_bits().wrapping_add(0x3f80_0000 - SQRT_HALF);
        let m = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF);
        let k = f32::from_bits((shifted >> 23) | 0x4b00_0000) - 8388608.0;
        (k - bias, m)
    }

    #[inline(always)]
    fn exp_poly<const FMA: bool>(r: f32) -> f32 {
        // fit error 2^-28.2
        horner::<f32, FMA, 5>(r, [0.49999994, 0.16666515, 0.04166846, 0.008369423, 0.0013813091])
    }

    #[inline(always)]
    fn log_poly<const FMA: bool>(z: f32) -> f32 {
        // fit error 2^-37.5
        horner::<f32, FMA, 4>(z, [0.6666666, 0.40000346, 0.28536588, 0.23596574])
    }

    #[inline(always)]
    fn erf_small<const FMA: bool>(z: f32) -> f32 {
        // fit error 2^-29.6
        #[rustfmt::skip]
        let c = [0.12837917, -0.37612626, 0.11283584, -0.026853746, 0.0051881922, -0.0008008921, 7.8493904e-05];
        horner::<f32, FMA, 7>(z, c)
    }

    #[inline(always)]
    fn erf_tail<const FMA: bool>(t: f32) -> f32 {
        // fit error 2^-28.6 of erf
        #[rustfmt::skip]
        let c = [0.2553956, -0.10679782, 0.04180184, -0.015442065, 0.0054752934, -0.0018603458, 0.0005018829, -0.00020059472, 0.000108137465];
        horner::<f32, FMA, 9>(t - 2.0, c)
    }

    #[inline(always)]
    fn mills_poly<const FMA: bool>(s: f32) -> f32 {
        // fit error 2^-29.5
        #[rustfmt::skip]
        let c = [0.40124524, -0.110521145, 0.034695785, 0.009792411, -0.020373141, 0.012983511, -0.003971223, -0.00012470137, 0.0005302085, -6.0370705e-05, -5.7148023e-05];
        horner::<f32, FMA, 11>(s, c)
    }

    #[inline(always)]
    fn hypotenuse(a: f32, b: f32) -> f32 {
        let (wide_a, wide_b) = (f64::from(a), f64::from(b));
        // The squares are exact.
        let y = (wide_a * wide_a + wide_b * wide_b).sqrt() as f32;
        if a.is_infinite() | b.is_infinite() { f32::INFINITY } else { y }
    }

    #[inline(always)]
    fn fast_sin<const FMA: bool>(x: f32) -> f32 {
        let (quadrant, r) = quarter_turns(x);
        let y = sin_or_cos::<FMA>(quadrant, r);
        if x.abs() < Self::CUBIC { x } else { y }
    }

    #[inline(always)]
    fn fast_cos<const FMA: bool>(x: f32) -> f32 {
        let (quadrant, r) = quarter_turns(x);
        sin_or_cos::<FMA>(quadrant.wrapping_add(1), r)
    }

    unsafe fn gemm(
        m: usize,
        k: usize,
        n: usize,
        a: *const f32,
        (rsa, csa): (isize, isize),
        b: *const f32,
        (rsb, csb): (isize, isize),
        beta: f32,
        c: *mut f32,
        (rsc, csc): (isize, isize),
    ) {
        // SAFETY: the caller's promise is `sgemm`'s own requirement.
        unsafe { matrixmultiply::sgemm(m, k, n, 1.0, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc) }
    }
}

/// (n, r) with x = n π/2 + r, |r| ≤ π/4. Done in `f64`: with 24 bits, a reduction up to 2^20 would take six parts.
#[inline(always)]
fn quarter_turns(x: f32) -> (u64, f64) {
    let x = f64::from(x);
    let shifted = x * std::f64::consts::FRAC_2_PI + <f64 as Lane>::MAGIC;
    let n = shifted - <f64 as Lane>::MAGIC;
    // π/2 in 33 + 53 bits: n · 2^-86 is far below an f32 ulp of the smallest r that an f32 can give.
    let r = (x - n * f64::from_bits(0x3ff9_21fb_5440_0000)) - n * f64::from_bits(0x3dd0_b461_1a62_6331);
    (shifted.to_bits(), r)
}

/// sin(quadrant · π/2 + r), evaluated in `f64` with polynomials of `f32` degree, rounded once.
#[inline(always)]
fn sin_or_cos<const FMA: bool>(quadrant: u64, r: f64) -> f32 {
    let z = r * r;
    // fit errors 2^-37.4 and 2^-42.8
    #[rustfmt::skip]
    let s = horner::<f64, FMA, 4>(z, [-0.16666666638617217, 0.008333329054131053, -0.00019839232173514586, 2.7173629472989137e-06]);
    let sine = fma::<f64, FMA>(z * r, s, r);
    #[rustfmt::skip]
    let k = horner::<f64, FMA, 4>(z, [0.04166666661547518, -0.0013888883161116928, 2.4799372218905672e-05, -2.7198592251393525e-07]);
    let cosine = fma::<f64, FMA>(z * z, k, 1.0 - 0.5 * z);
    let y = if quadrant & 1 == 0 { sine } else { cosine };
    f64::from_bits(y.to_bits() ^ ((quadrant & 2) << 62)) as f32
}

//! Constants and polynomials of `f64`; the coefficients come from `tools/coefficients.py`.

use super::lane::{Lane, fma, horner, two_diff};

/// π/2 in parts of 33 bits, so that their products with a 20-bit integer are exact, and a last one of 53 (FDLIBM).
const PIO2: [f64; 4] = [
    f64::from_bits(0x3ff9_21fb_5440_0000),
    f64::from_bits(0x3dd0_b461_1a60_0000),
    f64::from_bits(0x3ba3_198a_2e00_0000),
    f64::from_bits(0x397b_839a_2520_49c1),
];

impl Lane for f64 {
    const HALF: f64 = 0.5;
    const ONE: f64 = 1.0;
    const TWO: f64 = 2.0;
    const MAGIC: f64 = 6755399441055744.0; // 1.5 · 2^52
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const LN2_HI: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
    const LN2_LO: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
    const EXP_MAX: f64 = 710.0;
    const EXP_MIN: f64 = -746.0;
    const EXPM1_MIN: f64 = -40.0;
    const TANH_ONE: f64 = 20.0;
    const ERF_ONE: f64 = 6.0;
    const GAUSSIAN_ZERO: f64 = 27.375;
    const HALF_GAUSSIAN_ZERO: f64 = 38.75;
    const PRODUCT_DEPTH: usize = 1536; // `matrixmultiply` has its own 256
    const POWER_COMPENSATED: u32 = 0;
    const LINEAR: f64 = 5.551115123125783e-17; // 2^-54
    const CUBIC: f64 = 7.450580596923828e-9; // 2^-27
    const TRIG_MAX: f64 = 1048576.0; // 2^20
    const SQRT_TWO: f64 = std::f64::consts::SQRT_2;
    const MILLS_SLOPE: f64 = 0.8125;
    const SQRT_TWO_MILLS_SLOPE: f64 = 1.1490485194281397;
    const SQRT_TWO_MINUS_ONE: f64 = 0.41421356237309503;

    #[inline(always)]
    fn head(self) -> f64 {
        f64::from_bits(self.to_bits() & !0x7ff_ffff)
    }

    #[inline(always)]
    fn pow2(k: f64) -> f64 {
        // The sum has k + 1023 in its low bits; the shift drops everything above.
        f64::from_bits((k + (Self::MAGIC + 1023.0)).to_bits() << 52)
    }

    #[inline(always)]
    fn split_exponent(x: f64) -> (f64, f64) {
        let subnormal = x < f64::MIN_POSITIVE;
        let (x, bias) =
            (x * if subnormal { 18014398509481984.0 } else { 1.0 }, if subnormal { 1077.0 } else { 1023.0 });
        const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
        let shifted = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - SQRT_HALF);
        let m = f64::from_bits((shifted & 0x000f_ffff_ffff_ffff) + SQRT_HALF);
        // An integer below 2^52 as the low bits of 2^52 + k: needs no conversion instruction.
        let k = f64::from_bits((shifted >> 52) | 0x4330_0000_0000_0000) - 4503599627370496.0;
        (k - bias, m)
    }

    #[inline(always)]
    fn exp_poly<const FMA: bool>(r: f64) -> f64 {
        // fit error 2^-57.8
        #[rustfmt::skip]
        let c = [0.5000000000000012, 0.16666666666666385, 0.04166666666651891, 0.008333333333507366, 0.001388888894697697, 0.0001984126948695922, 2.4801489299018734e-05, 2.755759638707936e-06, 2.763170463115065e-07, 2.4999263148539058e-08];
        horner::<f64, FMA, 10>(r, c)
    }

    #[inline(always)]
    fn log_poly<const FMA: bool>(z: f64) -> f64 {
        // fit error 2^-59.4
        #[rustfmt::skip]
        let c = [0.666666666666674, 0.39999999999377517, 0.2857142875138716, 0.22222197579939018, 0.18183619327040246, 0.15312562104246125, 0.14811610943786982];
        horner::<f64, FMA, 7>(z, c)
    }

    #[inline(always)]
    fn erf_small<const FMA: bool>(z: f64) -> f64 {
        // fit error 2^-62.7
        #[rustfmt::skip]
        let c = [0.1283791670955126, -0.3761263890318375, 0.11283791670954854, -0.026866170645072317, 0.005223977624775006, -0.0008548326978392772, 0.00012055331023717222, -1.4925593180141703e-05, 1.6460967423767516e-06, -1.634996652095543e-07, 1.4657475276140777e-08, -1.13640664955684e-09, 5.94249881294813e-11];
        horner::<f64, FMA, 13>(z, c)
    }

    #[inline(always)]
    fn erf_tail<const FMA: bool>(t: f64) -> f64 {
        // fit error 2^-56.4 of erf
        #[rustfmt::skip]
        let c = [0.25539567631050525, -0.10679646185349607, 0.041802752603573835, -0.01546063776388055, 0.005440738537045217, -0.001831664281515155, 0.0005924699943774173, -0.00018477833516002693, 5.572833152655544e-05, -1.6293809436640674e-05, 4.628125418718593e-06, -1.2793719513598645e-06, 3.4491982122521217e-07, -9.089740775950213e-08, 2.3307468497234845e-08, -5.771332456781028e-09, 1.4416304043311492e-09, -3.8710791298509193e-10, 9.602807657314373e-11, -1.593773300653697e-11, 1.1861202553441322e-12];
        horner::<f64, FMA, 21>(t - 2.0, c)
    }

    #[inline(always)]
    fn mills_poly<const FMA: bool>(s: f64) -> f64 {
        // fit error 2^-57.4
        #[rustfmt::skip]
        let c = [0.401245225533368, -0.1105211481181376, 0.034695813589707455, 0.00979265691768346, -0.020373592140380578, 0.012980811299368646, -0.003969264716235777, -0.00011229117036347071, 0.0005295068476639819, -8.526612014516266e-05, -6.600915081801515e-05, 1.813406292017615e-05, 1.0264926341773891e-05, -2.9441125458841304e-06, -1.9989802398258786e-06, 3.67129216109402e-07, 4.3087846849710405e-07, -8.508473924223431e-09, -8.846235555441597e-08, -1.4128075850166633e-08, 1.4378518277341379e-08, 4.7901190067049094e-09, -1.290097907225422e-09, -6.27625205258644e-10];
        horner::<f64, FMA, 24>(s, c)
    }

    #[inline(always)]
    fn hypotenuse(a: f64, b: f64) -> f64 {
        libm::hypot(a, b)
    }

    #[inline(always)]
    fn fast_sin<const FMA: bool>(x: f64) -> f64 {
        let (quadrant, r, c) = quarter_turns(x);
        let y = sin_or_cos::<FMA>(quadrant, r, c);
        if x.abs() < Self::CUBIC { x } else { y }
    }

    #[inline(always)]
    fn fast_cos<const FMA: bool>(x: f64) -> f64 {
        let (quadrant, r, c) = quarter_turns(x);
        sin_or_cos::<FMA>(quadrant.wrapping_add(1), r, c)
    }

    unsafe fn gemm(
        m: usize,
        k: usize,
        n: usize,
        a: *const f64,
        (rsa, csa): (isize, isize),
        b: *const f64,
        (rsb, csb): (isize, isize),
        beta: f64,
        c: *mut f64,
        (rsc, csc): (isize, isize),
    ) {
        // SAFETY: the caller's promise is `dgemm`'s own requirement.
        unsafe { matrixmultiply::dgemm(m, k, n, 1.0, a, rsa, csa, b, rsb, csb, beta, c, rsc, csc) }
    }
}

/// (n, r, c) with x = n π/2 + r + c, |r| ≤ π/4, c below an ulp of r; exact enough even where x nearly is n π/2.
#[inline(always)]
fn quarter_turns(x: f64) -> (u64, f64, f64) {
    let shifted = x * std::f64::consts::FRAC_2_PI + f64::MAGIC;
    let n = shifted - f64::MAGIC;
    // The first difference is exact; the next two keep their rounding errors.
    let r0 = x - n * PIO2[0];
    let (r1, e1) = two_diff(r0, n * PIO2[1]);
    let (r2, e2) = two_diff(r1, n * PIO2[2]);
    let low = (e1 + e2) - n * PIO2[3];
    let r = r2 + low;
    (shifted.to_bits(), r, (r2 - r) + low)
}

/// sin(quadrant · π/2 + r + c).
#[inline(always)]
fn sin_or_cos<const FMA: bool>(quadrant: u64, r: f64, c: f64) -> f64 {
    let z = r * r;
    // fit error 2^-57.7
    #[rustfmt::skip]
    let s = horner::<f64, FMA, 6>(z, [-0.16666666666666627, 0.008333333333320932, -0.00019841269828612637, 2.7557313274230345e-06, -2.5050692232920572e-08, 1.5892949311424998e-10]);
    // sin(r + c) = sin r + c cos r, with cos r = 1 - z/2 where it matters
    let sine = r + fma::<f64, FMA>(z * r, s, c * (1.0 - 0.5 * z));
    // fit error 2^-63.7
    #[rustfmt::skip]
    let k = horner::<f64, FMA, 6>(z, [0.04166666666666658, -0.0013888888888871354, 2.4801587287770615e-05, -2.755731386240084e-07, 2.0875657188773546e-09, -1.1356248584958074e-11]);
    // cos(r + c) = (1 - z/2) + z² C(z) - c r; the rounding error of 1 - z/2 is carried along
    let half_z = 0.5 * z;
    let w = 1.0 - half_z;
    let cosine = w + (((1.0 - w) - half_z) + fma::<f64, FMA>(z * z, k, -(r * c)));
    let y = if quadrant & 1 == 0 { sine } else { cosine };
    // Bit 1 of the quadrant is the sign.
    f64::from_bits(y.to_bits() ^ ((quadrant & 2) << 62))
}

//! The logarithm of the gamma function and its derivatives: computed in `f64`, one element at a time.

use crate::element::Real;
use crate::pointwise::Unary;
use crate::pointwise::unary::{family, unary};

unary! {
    /// ln |Γ(x)|; infinite at 0 and the negative integers. `libm`'s, after FDLIBM.
    LGAMMA = "lgamma": |x| T::from_f64(libm::lgamma(x.as_f64()));
}

family! {
    /// ψ⁽ⁿ⁾(x), the n-th derivative of the digamma function ψ = (ln Γ)′, for 0 ≤ n ≤ [`Unary::MAX_POLYGAMMA`].
    ///
    /// At 0 and the negative integers:
    /// - odd n: ∞;
    /// - even n: -∞ at +0, ∞ at -0;
    /// - even n at a negative integer: NaN, since the limits differ.
    ///
    /// # Panics
    /// For an order out of range.
    polygamma(n) = "polygamma": run, tested at [0, 1, 2, 20, 100], {
        assert!(0 <= n && n <= Unary::MAX_POLYGAMMA, "polygamma: the order is out of range");
    };
}

impl Unary {
    /// The largest order of [`Unary::polygamma`]: the largest whose error is measured. Beyond 163 the reflection below 0 would
    /// overflow, whose coefficients grow like n!.
    pub const MAX_POLYGAMMA: i32 = 100;
}

fn run<T: Real>(n: i32, x: &[T], y: &mut [T]) {
    for (y, &x) in y.iter_mut().zip(x) {
        *y = T::from_f64(polygamma(n, x.as_f64()));
    }
}

/// B₂, B₄, …: the Bernoulli numbers of the asymptotic series.
const BERNOULLI: [f64; 10] = [
    1.0 / 6.0,
    -1.0 / 30.0,
    1.0 / 42.0,
    -1.0 / 30.0,
    5.0 / 66.0,
    -691.0 / 2730.0,
    7.0 / 6.0,
    -3617.0 / 510.0,
    43867.0 / 798.0,
    -174611.0 / 330.0,
];

/// ψ⁽ⁿ⁾(x) by recurrence and asymptotic series (Abramowitz & Stegun 1964, 6.3.18, 6.4.11), by reflection below 0.
fn polygamma(n: i32, x: f64) -> f64 {
    if x.is_nan() || x == f64::NEG_INFINITY {
        return f64::NAN;
    }
    if x <= 0.0 && x == x.floor() {
        return match (n % 2 == 1, x == 0.0, x.is_sign_negative()) {
            (true, _, _) => f64::INFINITY,
            (false, true, false) => f64::NEG_INFINITY,
            (false, true, true) => f64::INFINITY,
            (false, false, _) => f64::NAN,
        };
    }
    match (n, x < 0.0) {
        (0, false) => digamma(x),
        (_, false) => higher(n, x),
        (_, true) => reflected(n, x),
    }
}

/// ψ(x) for x > 0. Measured: 2.74 ulp.
fn digamma(x: f64) -> f64 {
    if x >= 12.0 {
        let z = 1.0 / (x * x);
        let mut series = 0.0;
        for (k, b) in BERNOULLI.iter().enumerate().rev() {
            series = (series + b / (2 * (k + 1)) as f64) * z;
        }
        return x.ln() - 0.5 / x - series;
    }
    if x < 1.0 {
        return between(x + 1.0) - 1.0 / x;
    }
    let (mut x, mut sum) = (x, 0.0);
    while x > 2.0 {
        x -= 1.0;
        sum += 1.0 / x;
    }
    between(x) + sum
}

/// ψ(x) for 1 ≤ x ≤ 2 as (x - x₀) R(x), x₀ the zero of ψ, so that it is accurate beside it: R is a Chebyshev fit of degree 25.
fn between(x: f64) -> f64 {
    const ZERO: (f64, f64) = (1.461_632_144_968_362_2, 9.549_995_429_965_697e-17);
    const R: [f64; 26] = [
        0.951_055_876_031_832_8,
        -0.211_813_710_640_730_24,
        0.060_135_621_060_196_72,
        -0.018_550_615_381_739_66,
        0.005_936_795_278_307_386,
        -0.001_935_066_664_741_280_7,
        0.000_636_888_030_281_598_8,
        -0.000_210_748_412_809_204_78,
        6.995_018_926_346_291e-5,
        -2.325_823_311_000_109_3e-5,
        7.741_228_749_575_19e-6,
        -2.578_131_713_374_137e-6,
        8.589_268_397_166_999e-7,
        -2.862_193_192_922_804_7e-7,
        9.538_368_854_097_868e-8,
        -3.179_035_121_820_306_4e-8,
        1.060_574_180_954_977_5e-8,
        -3.536_043_345_506_542_7e-9,
        1.165_378_200_731_563e-9,
        -3.875_316_326_574_236e-10,
        1.414_724_047_037_260_2e-10,
        -4.773_683_274_237_875_6e-11,
        8.566_371_926_522_047e-12,
        -2.644_687_655_548_699_2e-12,
        3.436_642_565_860_094e-12,
        -1.179_268_791_442_257_6e-12,
    ];
    let z = 2.0 * (x - 1.5);
    ((x - ZERO.0) - ZERO.1) * R.iter().rev().fold(0.0, |sum, c| sum * z + c)
}

/// ψ⁽ⁿ⁾(x) for n ≥ 1, x > 0: `(−1)ⁿ⁺¹ (Σⱼ n!/(x+j)ⁿ⁺¹ + the series at x + m)`, all terms of one sign up to the alternating tail.
fn higher(n: i32, x: f64) -> f64 {
    // k!/xᵏ⁺¹ factor by factor: k! alone may overflow, and the power underflow, where their product is a number.
    let over_power = |k: i32, x: f64| (1..=k).fold(1.0 / x, |y, i| y * (f64::from(i) / x));
    let (mut x, mut sum) = (x, 0.0);
    while x < f64::from(n + 12) {
        sum += over_power(n, x);
        x += 1.0;
    }
    // In units of the leading term (n − 1)!/xⁿ: B₂ₖ (2k+n−1)!/((n−1)! (2k)! x²ᵏ), each from the factorials of the one before.
    let (mut ratio, mut series) = (1.0, 0.0);
    for (k, b) in (1..).zip(BERNOULLI) {
        let (i, j) = (f64::from(2 * k + n - 1), f64::from(2 * k));
        ratio *= i * (i - 1.0) / (j * (j - 1.0)) / (x * x);
        series += b * ratio;
    }
    let y = sum + over_power(n - 1, x) * (1.0 + (f64::from(n) * 0.5 / x + series));
    if n % 2 == 1 { y } else { -y }
}

/// `ψ⁽ⁿ⁾(x) = (−1)ⁿ ψ⁽ⁿ⁾(1−x) − πⁿ⁺¹ Cₙ(cot πx)` with `C₀ = c` and `Cₖ₊₁ = −(1+c²) Cₖ′` (Abramowitz & Stegun 1964, 6.4.7).
fn reflected(n: i32, x: f64) -> f64 {
    use std::f64::consts::PI;
    let c = 1.0 / (PI * (x - x.round())).tan();
    let mut poly = vec![0.0, 1.0];
    for _ in 0..n {
        let slope: Vec<f64> = poly.iter().enumerate().skip(1).map(|(i, a)| i as f64 * a).collect();
        poly = vec![0.0; slope.len() + 2];
        for (i, a) in slope.into_iter().enumerate() {
            poly[i] -= a;
            poly[i + 2] -= a;
        }
    }
    // From the leading coefficient: beside 0 c may be infinite, and a fold from 0 would start with 0 · ∞.
    let cot = poly.into_iter().rev().reduce(|sum, a| sum * c + a).expect("it has two coefficients or more");
    let mirrored = polygamma(n, 1.0 - x);
    (if n % 2 == 1 { -mirrored } else { mirrored }) - PI.powi(n + 1) * cot
}

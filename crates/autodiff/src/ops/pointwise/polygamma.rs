//! `polygamma`: the derivatives of the logarithm of the gamma function.

use crate::ops::prelude::*;
use crate::reference::double_double::Dd;

/// `y = ψ⁽ⁿ⁾(x)`, ψ = (ln Γ)′ the digamma function, 0 ≤ n ≤ 100.
///
/// At 0 and the negative integers:
/// - odd n: ∞;
/// - even n: −∞ at +0, ∞ at −0;
/// - even n at a negative integer: NaN, since the limits differ.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Polygamma {
    /// How often ψ is differentiated.
    pub n: i32,
}

impl Parameters for Polygamma {
    fn params(&self) -> Params {
        Params::none().with("n", self.n)
    }

    fn parse(p: &Params) -> Result<Self, String> {
        Ok(Polygamma { n: p.int32("n")? })
    }
}

impl Elementwise<1> for Polygamma {
    const NAME: &'static str = "polygamma";
    const DOMAIN: [Domain; 1] = [Domain::NonInteger];

    fn check(&self) -> Result<(), Error> {
        if !(0..=Unary::MAX_POLYGAMMA).contains(&self.n) {
            bail!(Data, "the order {} is out of range: 0 to {} are known", self.n, Unary::MAX_POLYGAMMA);
        }
        Ok(())
    }

    /// `∂ = ψ⁽ⁿ⁺¹⁾(x)`.
    fn rule(&self) -> Rule<Self, 1> {
        if self.n == Unary::MAX_POLYGAMMA {
            return Rule::Missing("its order is the largest that is known");
        }
        Rule::Pointwise(|Polygamma { n }, t, [x], _| [t.put(op(Polygamma { n: n + 1 }), &[x])])
    }

    fn kernel(&self) -> Kernel {
        Kernel::Unary(Unary::polygamma(self.n))
    }

    /// In double-double, because the series cancels against the steps that lead to where it holds.
    fn value<S: Scalar>(&self, [x]: [S; 1]) -> S {
        S::rounded(polygamma(self.n, x.widened()))
    }

    fn examples() -> Vec<Self> {
        [0, 1, 2].map(|n| Polygamma { n }).to_vec()
    }
}

/// Recurrence `ψ⁽ⁿ⁾(x) = ψ⁽ⁿ⁾(x + 1) − (−1)ⁿ n!/xⁿ⁺¹` up to where the asymptotic series is exact (DLMF 5.15).
fn polygamma(n: i32, x: Dd) -> Dd {
    let number = |x: f64| Dd::from_f64(x);
    let (odd, at_zero) = (n % 2 == 1, x.to_f64() == 0.0);
    if !x.to_f64().is_finite() {
        // ψ grows like the logarithm, and its derivatives vanish.
        let end = if n == 0 { f64::INFINITY } else { 0.0 };
        let end = if odd || n == 0 { end } else { -end };
        return number(if x > Dd::ZERO { end } else { f64::NAN });
    }
    if x <= Dd::ZERO && x == x.floor() {
        return number(match (odd, at_zero, x.to_f64().is_sign_negative()) {
            (true, _, _) | (false, true, true) => f64::INFINITY,
            (false, true, false) => f64::NEG_INFINITY,
            _ => f64::NAN,
        });
    }
    if x < Dd::ZERO {
        // Reflection: ψ⁽ⁿ⁾(x) = (−1)ⁿ ψ⁽ⁿ⁾(1 − x) − π dⁿ/dxⁿ cot πx.
        let mirrored = polygamma(n, Dd::ONE - x);
        return (if odd { -mirrored } else { mirrored }) - cotangent_slope(n, x);
    }
    // k!/xᵏ⁺¹ factor by factor: k! alone may overflow, and the power underflow, where their product is a number.
    let over_power = |k: i32, x: Dd| (1..=k).fold(Dd::ONE / x, |y, i| y * (number(f64::from(i)) / x));
    let (mut x, mut sum) = (x, Dd::ZERO);
    while x.to_f64() < SHIFTED + f64::from(n) {
        sum = sum + over_power(n, x);
        x = x + Dd::ONE;
    }
    // Σ B₂ₖ (2k + n − 1)!/((n − 1)! (2k)!) x⁻²ᵏ, in units of the leading term (n − 1)!/xⁿ; for n = 0 Σ B₂ₖ/(2k) x⁻²ᵏ.
    let mut series = Dd::ZERO;
    for (i, (p, q)) in BERNOULLI.iter().enumerate() {
        let k = 2 * (i as i32 + 1);
        let rising = (1..n).fold(Dd::ONE, |f, j| f * number(f64::from(k + j)) / number(f64::from(j)));
        let rising = if n == 0 { Dd::ONE / number(f64::from(k)) } else { rising };
        series = series + number(*p) / number(*q) * rising / x.powi(k);
    }
    let tail = if n == 0 {
        Dd::ONE / (number(2.0) * x) + series - x.log()
    } else {
        over_power(n - 1, x) * (Dd::ONE + number(f64::from(n)) / (number(2.0) * x) + series)
    };
    let size = sum + tail;
    if odd { size } else { -size }
}

/// `π dⁿ/dxⁿ cot πx`, by `d cot/dx = −π (1 + cot²)`.
fn cotangent_slope(n: i32, x: Dd) -> Dd {
    let angle = PI * nearest_integer_apart(x);
    let cot = angle.cos() / angle.sin();
    let mut poly = vec![Dd::ZERO, Dd::ONE];
    for _ in 0..n {
        let mut next = vec![Dd::ZERO; poly.len() + 1];
        for (i, a) in poly.iter().enumerate().skip(1) {
            let slope = Dd::from_f64(i as f64) * *a;
            next[i - 1] = next[i - 1] - slope;
            next[i + 1] = next[i + 1] - slope;
        }
        poly = next;
    }
    // From the leading coefficient: beside 0 cot may be infinite, and a fold from 0 would start with 0 · ∞.
    PI.powi(n + 1) * poly.into_iter().rev().reduce(|sum, a| sum * cot + a).expect("it has two coefficients or more")
}

/// How far x is from the integer nearest to it.
pub(super) fn nearest_integer_apart(x: Dd) -> Dd {
    x - (x + Dd::from_f64(0.5)).floor()
}

/// π.
pub(super) const PI: Dd = Dd::from_parts(std::f64::consts::PI, 1.224_646_799_147_353_2e-16);
/// ½ ln 2π.
pub(super) const HALF_LN_TAU: Dd = Dd::from_parts(0.918_938_533_204_672_8, -3.878_294_158_067_241_4e-17);
/// From here on (plus n) the series with all of [`BERNOULLI`] is exact to 1e-36.
pub(super) const SHIFTED: f64 = 30.0;
/// B₂, B₄, … as fractions that `f64` holds exactly.
pub(super) const BERNOULLI: [(f64, f64); 17] = [
    (1.0, 6.0),
    (-1.0, 30.0),
    (1.0, 42.0),
    (-1.0, 30.0),
    (5.0, 66.0),
    (-691.0, 2730.0),
    (7.0, 6.0),
    (-3617.0, 510.0),
    (43867.0, 798.0),
    (-174611.0, 330.0),
    (854513.0, 138.0),
    (-236364091.0, 2730.0),
    (8553103.0, 6.0),
    (-23749461029.0, 870.0),
    (8615841276005.0, 14322.0),
    (-7709321041217.0, 510.0),
    (2577687858367.0, 6.0),
];

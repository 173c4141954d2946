//! The derivatives of the power function: computed in `f64`, one element at a time.

use crate::element::Real;
use crate::parallel;

/// yₙ ← uₙ · ∂ⁱ⁺ʲ aᵇ / ∂aⁱ ∂bʲ at (aₙ, bₙ).
///
/// The derivative is `aᵇ⁻ⁱ Σₗ (j choose l) (d/db)ˡ[b (b − 1) … (b − i + 1)] (ln a)ʲ⁻ˡ`, with these limits:
/// - a factor of b that is exactly 0 ends its term, whatever the power beside it (`x¹` has second derivative 0 at 0, too);
/// - at a = 0 a positive power is 0 whatever power of the logarithm it meets, and of logarithms the highest power is all that counts;
/// - aᵇ⁻ⁱ may overflow where its product with u does not.
///
/// # Panics
/// If the slices differ in length.
pub fn pow_derivative<T: Real>(i: usize, j: usize, u: &[T], a: &[T], b: &[T], y: &mut [T], threads: usize) {
    let n = y.len();
    assert!(u.len() == n && a.len() == n && b.len() == n, "pow_derivative: operands and output differ in length");
    // A power costs about as much as reading 30 elements.
    parallel::rows(threads, n.saturating_mul(30), y, 1, |first, y| {
        let mut coefficients = vec![0.0; j + 1];
        for (k, y) in (first..).zip(y) {
            let scale = scale(i, j, a[k].as_f64(), b[k].as_f64(), &mut coefficients);
            *y = T::from_f64(scaled_power(u[k].as_f64(), scale, a[k].as_f64(), b[k].as_f64() - i as f64));
        }
    });
}

/// What stands beside aᵇ⁻ⁱ.
fn scale(i: usize, j: usize, a: f64, b: f64, coefficients: &mut [f64]) -> f64 {
    // The Taylor coefficients of (b + ε) (b + ε − 1) … in ε, up to εʲ.
    coefficients.fill(0.0);
    coefficients[0] = 1.0;
    for m in 0..i {
        let factor = b - m as f64;
        for l in (0..=j).rev() {
            let below = if l > 0 { coefficients[l - 1] } else { 0.0 };
            coefficients[l] = if coefficients[l] == 0.0 { below } else { coefficients[l] * factor + below };
        }
    }
    let log = if j > 0 { a.ln() } else { 0.0 };
    let mut sum = 0.0;
    let mut falling = 1.0; // j! / (j − l)!
    for (l, c) in coefficients.iter().enumerate() {
        if *c != 0.0 {
            sum += falling * c * log.powi((j - l) as i32);
            if a == 0.0 && l < j {
                break;
            }
        }
        falling *= (j - l) as f64;
    }
    sum
}

/// u s aᵉ, where aᵉ alone may leave the range; 0 for s = 0.
fn scaled_power(u: f64, s: f64, a: f64, e: f64) -> f64 {
    if s == 0.0 || a == 0.0 && e > 0.0 {
        return u * 0.0;
    }
    let power = a.powf(e);
    if power.is_normal() || a == 0.0 || !a.is_finite() || power.is_nan() {
        return u * s * power;
    }
    let half = a.abs().powf(0.5 * e);
    let product = (u * half) * (s * half);
    if power.is_sign_negative() { -product } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(i: usize, j: usize, u: f64, a: f64, b: f64) -> f64 {
        let mut y = [f64::NAN];
        pow_derivative(i, j, &[u], &[a], &[b], &mut y, 1);
        y[0]
    }

    #[test]
    fn derivatives_are_those_of_the_formula() {
        let (a, b) = (1.7f64, 2.3f64);
        let log = a.ln();
        let near = |x: f64, y: f64| assert!((x - y).abs() <= 1e-15 * y.abs(), "{x} {y}");
        near(at(0, 0, 2.0, a, b), 2.0 * a.powf(b));
        near(at(1, 0, 2.0, a, b), 2.0 * b * a.powf(b - 1.0));
        near(at(0, 1, 1.0, a, b), a.powf(b) * log);
        near(at(1, 1, 1.0, a, b), a.powf(b - 1.0) * (1.0 + b * log));
        near(at(2, 1, 1.0, a, b), a.powf(b - 2.0) * (2.0 * b - 1.0 + b * (b - 1.0) * log));
        near(at(1, 2, 1.0, a, b), a.powf(b - 1.0) * (2.0 * log + b * log * log));
        near(at(2, 0, 1.0, -2.0, 3.0), -12.0);
    }

    #[test]
    fn at_the_ends_it_is_the_limit() {
        let inf = f64::INFINITY;
        assert_eq!(at(1, 1, 1.0, 0.0, 1.0), -inf); // 1 + ln a
        assert_eq!(at(1, 1, 1.0, 0.0, 2.0), 0.0); // a (1 + 2 ln a)
        assert_eq!(at(1, 2, 1.0, 0.0, 1.0), inf); // 2 ln a + ln² a
        assert_eq!(at(0, 1, 1.0, 0.0, 0.5), 0.0);
        assert_eq!(at(3, 0, 1.0, 1e-160, 1.0), 0.0);
        assert_eq!(at(2, 0, 1.0, 0.0, 1.0), 0.0);
        assert_eq!(at(1, 0, 1.0, 0.0, 0.0), 0.0);
        assert_eq!(at(2, 0, 1.0, 0.0, 2.0), 2.0);
        assert_eq!(at(2, 0, 1.0, 0.0, 1.5), inf);
        assert_eq!(at(1, 0, 1e-200, 1e-170, -1.0), -1e140 * (1.0 + 0.0));
        assert!(at(0, 1, 1.0, -1.0, 2.0).is_nan() && at(1, 0, f64::NAN, 0.0, 2.0).is_nan());
        let mut y = [f32::NAN];
        pow_derivative(1, 0, &[1e-30], &[1e-20], &[-1.0], &mut y, 1);
        assert!((y[0] + 1e10).abs() <= 1e4, "{}", y[0]);
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let a: Vec<f64> = (1..20_000).map(|k| f64::from(k) * 1e-3).collect();
        let run = |threads| {
            let mut y = vec![f64::NAN; a.len()];
            pow_derivative(1, 1, &a, &a, &a, &mut y, threads);
            y
        };
        assert_eq!(run(1), run(3));
    }
}

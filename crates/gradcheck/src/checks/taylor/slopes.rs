//! Slopes of remainders, and what they say.

use super::samples::{Sample, Samples};
use super::{Finding, Remainders};
use crate::place::Place;
use crate::reason::Reason;

/// A remainder has to be this many times the noise to count.
const LOUD: f64 = 16.0;
/// How far a slope may be from a whole number.
pub(super) const NEAR: f64 = 0.25;

/// Reads the remainders of every order, from 0.
pub(super) fn read_all(derivatives: &[f64], samples: &Samples) -> Vec<Remainders> {
    let mut orders: Vec<Remainders> = (0..=derivatives.len()).map(|order| read(order, derivatives, samples)).collect();
    // A remainder of higher order contains the lower ones. Where these follow no power of h (a function that varies
    // faster than the steps), a slope above them means nothing, and accuses nobody.
    let mut clear = true;
    for remainders in &mut orders {
        let accuses = matches!(remainders.finding, Finding::Wrong { .. });
        if accuses && !clear {
            let (expected, slope) = (remainders.expected_slope, remainders.slope);
            remainders.finding = Finding::Unclear(Reason::NotAsymptotic { expected, slope });
        }
        clear &= match remainders.finding {
            Finding::Unclear(_) => false,
            Finding::Right if remainders.order == 0 => is_straight(&remainders.points),
            _ => true,
        };
    }
    orders
}

/// Whether the last local slopes are much the same.
fn is_straight(points: &[(f64, f64)]) -> bool {
    let sizes: Vec<f64> = points.iter().map(|(_, size)| *size).collect();
    last_slopes(&sizes).is_none_or(|slopes| slopes[2] - slopes[0] <= 2.0 * NEAR)
}

/// Reads the remainders of one order.
fn read(order: usize, derivatives: &[f64], samples: &Samples) -> Remainders {
    let mut points = Vec::new();
    // The remainder at h and at −h, split into the part that is even in h and the part that is odd.
    let mut parts = Vec::new();
    for Sample { h, right, left, noise } in &samples.rows {
        let remainder = |t: f64, value: f64| {
            let mut factorial = 1.0;
            let mut rest = value - samples.origin;
            for (k, c) in derivatives[..order].iter().enumerate() {
                factorial *= (k + 1) as f64;
                rest -= c * t.powi(k as i32 + 1) / factorial;
            }
            rest
        };
        let (right, left) = (remainder(*h, *right), remainder(-h, *left));
        let size = right.abs().max(left.abs());
        if size <= LOUD * noise {
            break;
        }
        points.push((*h, size));
        parts.push(((right + left) / 2.0, (right - left) / 2.0));
    }
    let expected = (order + 1) as f64;
    let slope = slope_at_the_short_end(points.iter().map(|(_, size)| *size));
    let finding = match slope {
        // Slope 0 is the function itself: order 0 is right as soon as f is continuous.
        Some(slope) if slope >= expected - NEAR => Finding::Right,
        Some(slope) => {
            let even = slope_at_the_short_end(parts.iter().map(|(even, _)| even.abs()));
            let nearest = slope.round();
            // A slope that changes passes through whole numbers too, so only a constant one counts as a failure.
            let whole = is_straight(&points) && (slope - nearest).abs() <= NEAR && nearest >= 1.0;
            let (h, _) = points[points.len() - 1];
            let (even_part, odd_part) = parts[parts.len() - 1];
            // An even part that falls like |h|, when its smooth powers are h², h⁴, …, is a kink.
            if even.is_some_and(|even| (even - nearest).abs() <= NEAR)
                && nearest % 2.0 == 1.0
                && even_part.abs() > 0.05 * odd_part.abs()
            {
                let slope_to = |sign: f64| derivatives.first().copied().unwrap_or(0.0) + sign * even_part / h;
                let odd = odd_part / h;
                Finding::Unclear(Reason::Kink {
                    place: Place::Scalar,
                    left: slope_to(-1.0) + odd,
                    right: slope_to(1.0) + odd,
                    step: h,
                })
            } else if whole && nearest <= order as f64 {
                let power = nearest as usize;
                let part = if power.is_multiple_of(2) { even_part } else { odd_part };
                Finding::Wrong { order: power, off: part * factorial(power) / h.powi(power as i32) }
            } else {
                Finding::Unclear(Reason::NotAsymptotic { expected, slope: Some(slope) })
            }
        }
        None if points.len() <= 2 && drowned(order, derivatives, samples) => {
            Finding::Unclear(Reason::NotAsymptotic { expected, slope: None })
        }
        None => Finding::Exact,
    };
    // A mistake e in the derivative of order k leaves e hᵏ / k!, and shows where that is more than the remainder.
    let (h, size) = match (&finding, points.last()) {
        (Finding::Right, Some(last)) => *last,
        _ => (samples.rows[0].h, LOUD * samples.rows[0].noise),
    };
    let resolves = size * factorial(order) / h.powi(order as i32);
    Remainders { order, expected_slope: expected, slope, points, finding, resolves }
}

fn factorial(k: usize) -> f64 {
    (1..=k).map(|k| k as f64).product()
}

/// The median of the last three local slopes, which one accident cannot move.
fn slope_at_the_short_end(sizes: impl Iterator<Item = f64>) -> Option<f64> {
    let slopes = last_slopes(&sizes.collect::<Vec<_>>())?;
    slopes[1].is_finite().then_some(slopes[1])
}

/// The last three local slopes, sorted.
fn last_slopes(sizes: &[f64]) -> Option<[f64; 3]> {
    let last = &sizes[sizes.len().checked_sub(4)?..];
    let mut slopes = [0, 1, 2].map(|i| (last[i] / last[i + 1]).log2());
    slopes.sort_by(f64::total_cmp);
    Some(slopes)
}

/// Whether rounding alone could hide a wrong derivative: at the longest step the noise is a good part of what the
/// highest derivative contributes.
fn drowned(order: usize, derivatives: &[f64], samples: &Samples) -> bool {
    let Sample { h, noise, .. } = &samples.rows[0];
    let noise = LOUD * noise;
    match order.checked_sub(1).map(|k| derivatives[k].abs()) {
        Some(c) if c > 0.0 => noise > 0.05 * c * h.powi(order as i32) / factorial(order),
        // Zero is measured with what the function does along the line: beside 10¹⁰, any slope that rounding hides would
        // look like zero.
        _ => noise > 0.05 * samples.variation && !samples.still,
    }
}

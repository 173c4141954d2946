//! Is a function constant, or does it only look so?
//!
//! Near the point, 10¹² + 10⁻³t and 10¹² are the same numbers. What tells them apart are longer steps: a slope that
//! is hidden near the point shows far from it. A function that is flat near the point and moves farther out in some
//! other way (a dead relu, the tail of tanh) is no such case: a straight line to its far values would have been seen near.

use crate::reason::Reason;

/// How much longer than the longest row. Beyond these, an unseen slope stays unseen: the estimate's error tells.
const FAR: [f64; 4] = [4.0, 16.0, 64.0, 256.0];
/// A move of so many roundings is a move.
const LOUD: f64 = 3.0;

/// For every entry, whether far values lie on a slope that rounding hides within `near`.
///
/// `moves` gives φ(±h) − φ(0) for every entry; values that are not finite say nothing.
pub(crate) fn hides_a_slope(
    mut moves: impl FnMut(f64) -> Result<Vec<[f64; 2]>, Reason>,
    noise: &[f64],
    near: f64,
) -> Result<Vec<bool>, Reason> {
    let mut hidden = vec![false; noise.len()];
    for far in FAR {
        for ((hidden, noise), sides) in hidden.iter_mut().zip(noise).zip(moves(far * near)?) {
            *hidden |= sides.iter().any(|side| {
                let moved = side.abs();
                moved.is_finite() && moved > LOUD * noise && moved / far <= LOUD * noise
            });
        }
    }
    Ok(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hides(f: impl Fn(f64) -> f64) -> bool {
        let moves = |h: f64| Ok(vec![[f(-h) - f(0.0), f(h) - f(0.0)]]);
        hides_a_slope(moves, &[f64::EPSILON * f(0.0).abs()], 0.086).unwrap()[0]
    }

    #[test]
    fn a_slope_below_rounding_is_told_from_a_constant() {
        assert!(hides(|t| 1e16 + t));
        assert!(hides(|t| 1e12 + 1e-3 * t));
        assert!(!hides(|_| 1e12));
        assert!(!hides(|t| 1.0 + (t - 3.0).max(0.0)));
        assert!(!hides(|t| (20.0 - 20.0 * t).tanh()));
    }
}

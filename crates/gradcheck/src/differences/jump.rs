//! Does the function jump at the point?
//!
//! A jump and noise look alike to a difference quotient: both are a finite change over a step that goes to zero. They
//! differ in what they do elsewhere. Beside a jump the values lie on two constant levels, one on each side; noise
//! scatters on both.

/// The step between two constant levels, if the values right and left of the point lie on two.
///
/// `last_digit` is what the values may differ by from rounding alone. A smooth slope makes no levels: over four equally
/// spaced points on each side, the sides are five thirds of a side's own spread apart.
pub(crate) fn step_between(left: &[f64], right: &[f64], last_digit: f64) -> Option<(f64, f64)> {
    let mean = |side: &[f64]| side.iter().sum::<f64>() / side.len() as f64;
    let spread = |side: &[f64]| {
        let low = side.iter().copied().fold(f64::INFINITY, f64::min);
        let high = side.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        high - low
    };
    let (from, to) = (mean(left), mean(right));
    let apart = (to - from).abs();
    (apart > 8.0 * spread(left).max(spread(right)) && apart > 16.0 * last_digit).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::step_between;

    #[test]
    fn levels_are_told_from_slopes_and_scatter() {
        assert_eq!(step_between(&[2.0; 4], &[3.0; 4], 1e-16), Some((2.0, 3.0)));
        let slope = |sign: f64| [1.0, 2.0, 3.0, 4.0].map(|t| sign * 1e-9 * t);
        assert_eq!(step_between(&slope(-1.0), &slope(1.0), 1e-25), None);
        let scatter = [1e-8, -2e-8, 0.5e-8, 1.5e-8];
        assert_eq!(step_between(&scatter, &scatter.map(|t| 3e-8 - t), 1e-16), None);
    }
}

//! Functions that move in whole quanta.
//!
//! `f32` behind an `f64` interface, ln(1 + e⁻ˣ) whose sum keeps few of the digits of e⁻ˣ, an iteration that stops early: such
//! a function has fewer digits than its type. Far inside its last digit it stands still, and every quotient there
//! is 0, without any noise to warn of it. What gives it away are its moves at longer steps: whole multiples of one number.

/// The smallest of the moves, if all that are not much larger are whole multiples of one number.
///
/// A dead zone (|t| − 10⁻³)₊ leaves a flat too, but its values leave it continuously: they have no such number.
pub(crate) fn quantum(moves: &[f64]) -> Option<f64> {
    let smallest = moves.iter().copied().fold(f64::INFINITY, f64::min);
    let few: Vec<f64> = moves.iter().map(|moved| moved / smallest).filter(|multiple| *multiple < 32.0).collect();
    // The smallest move that was seen may be two or three quanta already.
    let whole = |parts: f64| few.iter().all(|multiple| (parts * multiple - (parts * multiple).round()).abs() < 0.02);
    (few.len() > 3 && (1..=4).any(|parts| whole(f64::from(parts)))).then_some(smallest)
}

#[cfg(test)]
mod tests {
    use super::quantum;

    #[test]
    fn quanta_are_told_from_a_dead_zone() {
        let steps = (0..20).map(|k| 0.1 / 1.6f64.powi(k));
        let stairs = steps.clone().map(|h| (h * 3e3).round() / 1e5).filter(|y| *y > 0.0).collect::<Vec<_>>();
        assert!(quantum(&stairs).is_some());
        let dead: Vec<f64> = steps.map(|h| (h - 1e-3).max(0.0)).filter(|y| *y > 0.0).collect();
        assert_eq!(quantum(&dead), None);
    }
}

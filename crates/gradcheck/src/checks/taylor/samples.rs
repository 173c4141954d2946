//! The values along the line that remainders are made of.

use crate::checker::Checker;
use crate::differences::{first_step, noise, point, shortest_step, stair::quantum, still::hides_a_slope};
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, largest};

const FEWEST_ROWS: i32 = 30;
const MOST_ROWS: i32 = 44;
/// A function that moves by no more than this many roundings has not been seen to move.
const QUIET: f64 = 3.0;

/// f(x ± h v), and how much noise is in them.
pub(super) struct Sample {
    pub(super) h: f64,
    pub(super) right: f64,
    pub(super) left: f64,
    pub(super) noise: f64,
}

pub(super) struct Samples {
    pub(super) origin: f64,
    /// From long to short steps.
    pub(super) rows: Vec<Sample>,
    /// Largest |f(x ± h v) − f(x)| at the first step.
    pub(super) variation: f64,
    /// The function moves no more than its rounding does, and longer steps find no slope hidden in it.
    pub(super) still: bool,
}

pub(super) fn sample<T: Scalar>(
    checker: &Checker,
    f: &dyn Fn(&[T]) -> T,
    derivatives: &[f64],
    x: &[T],
    v: &[T],
) -> Result<Samples, Reason> {
    let settings = checker.settings::<T>();
    let epsilon = settings.epsilon::<T>();
    let first = first_step(x, v, settings.step);
    if !first.is_finite() || first == 0.0 {
        return Err(Reason::ZeroDirection);
    }
    let origin = f(x).widen();
    if !origin.is_finite() {
        return Err(Reason::NonFinite { place: Place::Scalar, at_point: true, step: 0.0 });
    }
    if f(x).widen() != origin {
        return Err(Reason::NotDeterministic);
    }
    let ends = |h: f64| (f(&point(x, h, v)).widen(), f(&point(x, -h, v)).widen());
    let base = noise::measure(&|x| vec![f(x)], x, &[origin], settings.noise_samples, &settings)[0];
    let shortest = shortest_step(x, v);
    let mut rows = Vec::new();
    for k in 0..MOST_ROWS {
        let h = first / 2f64.powi(k);
        if k >= FEWEST_ROWS && h < shortest {
            break;
        }
        let (right, left) = ends(h);
        if !(right.is_finite() && left.is_finite()) {
            rows.clear();
            continue;
        }
        let terms = derivatives.iter().enumerate().map(|(k, c)| c * h.powi(k as i32 + 1));
        let size = largest([right, left]).max(largest(terms));
        rows.push(Sample { h, right, left, noise: base.max(2.0 * epsilon * size) });
    }
    if rows.len() < 4 {
        let step = first / 2f64.powi(MOST_ROWS - 1);
        return Err(Reason::NonFinite { place: Place::Scalar, at_point: false, step });
    }
    if let Some(step) = stair(origin, &rows, shortest) {
        rows.iter_mut().for_each(|row| row.noise = row.noise.max(step));
    }
    let moved = |(right, left): (f64, f64)| [left - origin, right - origin];
    let Sample { h, right, left, noise } = rows[0];
    let variation = largest(moved((right, left)));
    // Not within its noise alone: that of a function which varies faster than the samples is as large as the function.
    let quiet = variation <= (QUIET * noise).min(64.0 * epsilon * origin.abs());
    let rounding = variation.max(epsilon * origin.abs());
    let still = quiet && !hides_a_slope(|h| Ok(vec![moved(ends(h))]), &[rounding], h)?[0];
    Ok(Samples { origin, rows, variation, still })
}

/// The height of the stair under the point, if the function moves in whole quanta and stands still at short steps.
fn stair(origin: f64, rows: &[Sample], last_digit: f64) -> Option<f64> {
    // Steps within the last digit of x stand still for everyone.
    let rows = || rows.iter().filter(|row| row.h > last_digit);
    let flat = rows().rev().take_while(|row| row.left == origin && row.right == origin).count();
    let moves = |end: fn(&Sample) -> f64| -> Vec<f64> {
        rows().map(|row| (end(row) - origin).abs()).filter(|moved| *moved > 0.0).collect()
    };
    let (left, right) = (moves(|row| row.left), moves(|row| row.right));
    if flat < 3 || left.is_empty() || right.is_empty() {
        return None;
    }
    quantum(&[left, right].concat())
}

//! Is there a kink at the point?
//!
//! The one-sided quotients D₊ and D₋ of a smooth function approach each other: their gap is h φ'' + O(h³). At a kink
//! the gap has a limit that is not zero, at a jump it grows like 1/h. A central difference sees neither (that of
//! |t| at 0 is exactly 0 at every step), so the gap is extrapolated to h → 0 in a tableau of its own, and its limit
//! is compared with its error.
//!
//! A kink *near* the point looks like one *at* the point until the step is shorter than the distance. So a
//! suspicion is no verdict: the steps go on shrinking, and only a gap that stays until rounding would hide it is
//! called a kink.

use super::tableau::{Powers, Tableau};
use crate::scalar::largest;

/// Follows the gap between the one-sided quotients of one entry along one line.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    tableau: Tableau,
    /// The last gaps, the newest first.
    gaps: [f64; 4],
    suspect: Option<Suspect>,
    clear: bool,
    /// What the gap may still be if nothing was decided.
    leftover: f64,
}

#[derive(Clone, Copy, Debug)]
struct Suspect {
    gap: f64,
    streak: u32,
    left: f64,
    right: f64,
}

/// What a finished watch has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sight {
    Smooth,
    /// The one-sided limits, as far as they were followed.
    Kink {
        left: f64,
        right: f64,
    },
    /// Undecided: the one-sided derivatives may differ by this much.
    Unclear(f64),
}

impl Watch {
    pub(crate) fn new() -> Self {
        Watch {
            tableau: Tableau::new(Powers::Odd),
            gaps: [f64::INFINITY; 4],
            suspect: None,
            clear: false,
            leftover: f64::INFINITY,
        }
    }

    /// Adds the one-sided quotients at the next step; `rounding` bounds the error of their difference.
    ///
    /// `tolerance` is the relative gap below which a kink would not matter, `resolution` the relative error that
    /// still counts as having looked.
    pub(crate) fn push(&mut self, left: f64, right: f64, rounding: f64, tolerance: f64, resolution: f64) {
        let gap = right - left;
        let row = self.tableau.push(gap, rounding);
        let (limit, error) = (row.estimate.value, row.estimate.error);
        let scale = left.abs().max(right.abs());
        let has_limit = limit.abs() > 4.0 * error && limit.abs() > tolerance * scale;
        let previous = self.gaps[0].abs();
        let grows = gap.abs() > 1.2 * previous && previous > 8.0 * rounding;
        self.gaps = [gap, self.gaps[0], self.gaps[1], self.gaps[2]];
        self.leftover = limit.abs() + error;
        if has_limit || grows {
            let seen = if has_limit { limit } else { gap };
            let streak = match self.suspect {
                Some(before) if before.gap.signum() == seen.signum() => before.streak + 1,
                _ => 1,
            };
            self.suspect = Some(Suspect { gap: seen, streak, left, right });
            self.clear = false;
            return;
        }
        let bound = 4.0 * error + limit.abs();
        let looked = bound <= resolution * scale || bound <= 16.0 * row.rounding;
        // A suspicion is withdrawn only by a row that is fine enough to have seen it.
        let withdrawn = self.suspect.is_none_or(|suspect| bound < 0.5 * suspect.gap.abs());
        if looked && withdrawn {
            self.clear = true;
            self.suspect = None;
        }
    }

    pub(crate) fn is_clear(&self) -> bool {
        self.clear
    }

    /// Whether the last gaps follow a power of h, as at a kink (h⁰), a root (h^−½) or a jump (h⁻¹).
    ///
    /// Rounding that leans to one side (a sum of ten thousand equal terms rounds them all alike) can keep its sign for
    /// three rows, but not its size.
    fn is_regular(&self) -> bool {
        let [a, b, c, d] = self.gaps;
        let ratios = [a / b, b / c, c / d];
        let (low, high) = (ratios.iter().copied().fold(f64::INFINITY, f64::min), largest(ratios));
        low > 0.0 && high < 1.3 * low
    }

    pub(crate) fn sight(&self) -> Sight {
        match self.suspect {
            // Three rows of one sign: rounding seldom keeps one sign for three steps.
            Some(Suspect { streak, left, right, .. }) if streak >= 3 && self.is_regular() => {
                Sight::Kink { left, right }
            }
            Some(Suspect { gap, .. }) => Sight::Unclear(self.leftover.max(gap.abs())),
            None if self.clear => Sight::Smooth,
            None => Sight::Unclear(self.leftover),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(f: impl Fn(f64) -> f64, rows: i32) -> Watch {
        let mut watch = Watch::new();
        for k in 0..rows {
            let h = 0.086 / super::super::tableau::RATIO.powi(k);
            let rounding = 4e-16 * (f(h).abs() + f(-h).abs() + f(0.0).abs()) / h;
            watch.push((f(0.0) - f(-h)) / h, (f(h) - f(0.0)) / h, rounding, 1e-8, 0.05);
        }
        watch
    }

    #[test]
    fn kinks_and_jumps_are_seen() {
        for (name, f) in [
            ("abs", (|t: f64| t.abs()) as fn(f64) -> f64),
            ("relu", |t| t.max(0.0)),
            ("kink on a parabola", |t| t * t + 0.01 * t.abs()),
            ("jump", |t| if t >= 0.0 { 1.0 } else { 0.0 }),
            ("root", |t| t.abs().sqrt()),
        ] {
            let sight = watch(f, 40).sight();
            assert!(matches!(sight, Sight::Kink { .. }), "{name}: {sight:?}");
        }
    }

    #[test]
    fn smooth_functions_are_clear_after_a_few_rows() {
        for f in [|t: f64| t.exp(), |t| t * t, |t: f64| t.powi(4), |t| 3.0 + 0.0 * t, |t: f64| (5.0 * t).sin()] {
            assert_eq!(watch(f, 8).sight(), Sight::Smooth);
        }
    }

    #[test]
    fn rounding_that_leans_to_one_side_is_no_kink() {
        let mut watch = Watch::new();
        for (k, units) in [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 3.0, 1.0, 4.0].into_iter().enumerate() {
            let h = 0.086 / super::super::tableau::RATIO.powi(k as i32);
            watch.push(1.0, 1.0 + units * 1e-4 / h, 1e-6 / h, 1e-4, 0.01);
        }
        assert!(matches!(watch.sight(), Sight::Unclear(_)), "{:?}", watch.sight());
    }

    #[test]
    fn a_kink_beside_the_point_is_no_kink_at_the_point() {
        assert_eq!(watch(|t| (t - 1e-5).max(0.0), 30).sight(), Sight::Smooth);
    }
}

//! One entry of a function, followed along a line from row to row.
//!
//! The best estimate so far is not simply the one with the smallest error. Where the step is longer than
//! the function's own scale (sin 10⁵t at h = 0.1), quotients are as good as random, and among many some agree by
//! accident. So a finer row that contradicts the best one replaces it, however proud its error estimate was.

use super::estimate::{Estimate, Seen};
use super::kink::{Sight, Watch};
use super::order::Order;
use super::stair::quantum;
use super::tableau::{Powers, RATIO, RowBest, Tableau};
use crate::place::Place;
use crate::reason::Reason;

/// A gap between one-sided derivatives that is known to this relative accuracy counts as looked at.
const LOOKED: f64 = 0.01;
/// A function that moves by no more than this many roundings has not been seen to move.
const QUIET: f64 = 3.0;

/// φ(±h), and how much noise is in them.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) h: f64,
    pub(crate) left: f64,
    pub(crate) right: f64,
    pub(crate) noise: f64,
}

impl Row {
    fn moved(&self, origin: f64) -> f64 {
        (self.right - origin).abs().max((self.left - origin).abs())
    }
}

/// Steps at which a function stands still that had moved at longer ones.
pub(crate) struct Flat {
    /// The longest of these steps.
    pub(crate) below: f64,
    /// How far it had moved, to either side.
    moves: Vec<f64>,
}

impl Flat {
    /// The slope that the flat may hide: the smallest move, made at its edge.
    pub(crate) fn hides(&self) -> f64 {
        2.0 * self.moves.iter().copied().fold(f64::INFINITY, f64::min) / self.below
    }
}

/// A function that stands still at short steps, though long ones had agreed on a slope.
pub(crate) struct Stair {
    /// The smallest move it can make.
    quantum: f64,
    /// The longest step of the flat.
    pub(crate) flat_below: f64,
}

/// One entry of the function along the line.
pub(crate) struct Track {
    order: Order,
    origin: f64,
    central: Tableau,
    best: Estimate,
    /// The row before, if its error was small enough to mean something.
    witness: Option<Estimate>,
    agreed: bool,
    largest_quotient: f64,
    /// Largest |φ(±h) − φ(0)|.
    spread: f64,
    /// The same at the first step, over hᵏ.
    variation: f64,
    last_noise: f64,
    last_step: f64,
    /// The first estimate on which rows agreed, and better ones that agree with it.
    settled: Option<Estimate>,
    doubted: Option<Estimate>,
    slopes: Watch,
    curvatures: Option<Watch>,
    before: Option<(f64, f64)>,
    converged: bool,
}

impl Track {
    pub(crate) fn new(origin: f64, order: Order) -> Self {
        Track {
            order,
            origin,
            central: Tableau::new(Powers::Even),
            best: Estimate { value: f64::NAN, error: f64::INFINITY },
            witness: None,
            agreed: false,
            largest_quotient: 0.0,
            spread: 0.0,
            variation: f64::NAN,
            last_noise: 0.0,
            last_step: 0.0,
            settled: None,
            doubted: None,
            slopes: Watch::new(),
            curvatures: (order == Order::Second).then(Watch::new),
            before: None,
            converged: false,
        }
    }

    pub(crate) fn has_settled(&self) -> bool {
        let smooth = self.slopes.is_clear() && self.curvatures.as_ref().is_none_or(Watch::is_clear);
        self.converged && smooth
    }

    pub(crate) fn push(&mut self, row: &Row, target: f64, tolerance: f64) {
        let &Row { h, left, right, noise } = row;
        let origin = self.origin;
        let (quotient, rounding) = self.quotient(row);
        self.extrapolate(quotient, rounding, target);
        let spread = row.moved(origin);
        if self.variation.is_nan() {
            self.variation = match self.order {
                Order::First => spread / h,
                Order::Second => spread / (h * h),
            };
        }
        self.spread = self.spread.max(spread);
        self.last_noise = noise;
        self.last_step = h;
        let (slope_left, slope_right) = ((origin - left) / h, (right - origin) / h);
        self.slopes.push(slope_left, slope_right, 4.0 * noise / h, tolerance, LOOKED);
        if let (Some(curvatures), Some((far_left, far_right))) = (&mut self.curvatures, self.before) {
            // The ends of the row before are farther out: a one-sided second quotient for nothing.
            let divided = |near: f64, far: f64| {
                let (inner, outer) = ((near - origin) / h, (far - near) / ((RATIO - 1.0) * h));
                2.0 * (outer - inner) / (RATIO * h)
            };
            let on_the_left = divided(left, far_left);
            let on_the_right = divided(right, far_right);
            // The weights of both sides add up to 13.3 for r = 1.6.
            let rounding = 16.0 * noise / (h * h);
            curvatures.push(on_the_left, on_the_right, rounding, tolerance, LOOKED);
        }
        self.before = Some((left, right));
    }

    /// The central difference quotient, and its rounding.
    fn quotient(&self, &Row { h, left, right, noise }: &Row) -> (f64, f64) {
        match self.order {
            Order::First => ((right - left) / (2.0 * h), noise / h),
            Order::Second => {
                let second = (right - self.origin) - (self.origin - left);
                (second / (h * h), 4.0 * noise / (h * h))
            }
        }
    }

    /// By how much a row far inside the settled ones tells another story than they do; 0 if it does not.
    pub(crate) fn contradiction(&self, row: &Row) -> f64 {
        let (quotient, rounding) = self.quotient(row);
        let off = quotient - self.best.value;
        if off.abs() > 8.0 * rounding + 4.0 * self.best.error { off } else { 0.0 }
    }

    /// Remembers that the rows far inside contradicted the long ones to either side, as noise does: whatever they come to,
    /// the two stories differ by their distance.
    pub(crate) fn doubt(&mut self) {
        self.doubted = Some(self.best);
    }

    /// Whether the function has not moved by more than its rounding.
    ///
    /// Not by more than its noise alone: that of sin t at 10²⁰ is as large as the function.
    pub(crate) fn is_quiet(&self, epsilon: f64) -> bool {
        self.spread <= (QUIET * self.last_noise).min(64.0 * epsilon * self.origin.abs())
    }

    /// What this line has shown of the rounding. The noise of the point may be another coordinate's.
    pub(crate) fn rounding(&self, epsilon: f64) -> f64 {
        self.spread.max(epsilon * self.origin.abs())
    }

    /// The flat under the point, if the function stands still at the shortest steps and had moved on both sides before.
    pub(crate) fn flat(&self, rows: impl DoubleEndedIterator<Item = Row> + Clone) -> Option<Flat> {
        let flat = rows.clone().rev().take_while(|row| row.moved(self.origin) == 0.0);
        let (count, below) = flat.fold((0, 0.0), |(count, _), row| (count + 1, row.h));
        let moves = |end: fn(&Row) -> f64| -> Vec<f64> {
            let moves = rows.clone().map(|row| (end(&row) - self.origin).abs());
            moves.filter(|moved| *moved > 0.0).collect()
        };
        let (left, right) = (moves(|row| row.left), moves(|row| row.right));
        let flat = Flat { below, moves: [left.as_slice(), right.as_slice()].concat() };
        (count >= 3 && !left.is_empty() && !right.is_empty()).then_some(flat)
    }

    /// The stair that ends in this flat, if long steps had agreed on a slope.
    ///
    /// The flat is wide beside the last digit of x, so every quotient on it is 0, with no noise at all.
    pub(crate) fn stair(&self, flat: &Flat) -> Option<Stair> {
        let before = self.settled?;
        let contradicted = (self.best.value - before.value).abs() > 2.0 * (self.best.error + before.error);
        let quantum = quantum(&flat.moves)?;
        contradicted.then_some(Stair { quantum, flat_below: flat.below })
    }

    /// The rows again, down to the stair and with its height as noise.
    pub(crate) fn above(
        stair: &Stair,
        rows: impl Iterator<Item = Row>,
        below: &Track,
        target: f64,
        tolerance: f64,
    ) -> Track {
        let mut track = Track::new(below.origin, below.order);
        for row in rows.take_while(|row| row.h > stair.flat_below) {
            track.push(&Row { noise: row.noise.max(stair.quantum), ..row }, target, tolerance);
        }
        track
    }

    fn extrapolate(&mut self, quotient: f64, rounding: f64, target: f64) {
        self.largest_quotient = self.largest_quotient.max(quotient.abs());
        let RowBest { estimate: row, rounding: carried } = self.central.push(quotient, rounding);
        let agree = |a: &Estimate, b: &Estimate| (a.value - b.value).abs() <= 2.0 * (a.error + b.error);
        // Small beside the quotients on the way, or all rounding. Quotients that are as good as random pass neither: they
        // grow as the step shrinks.
        let size = row.value.abs().max(self.largest_quotient);
        let means_something = row.error <= 1e-3 * size || row.error <= 3.0 * carried;
        if !agree(&row, &self.best) {
            self.best = row;
            self.agreed = false;
        }
        if means_something && self.witness.is_some_and(|witness| agree(&row, &witness)) {
            self.agreed = true;
        }
        self.witness = means_something.then_some(row);
        if row.error < self.best.error {
            self.best = row;
        }
        let cannot_improve = rounding >= self.best.error;
        let small = self.best.error <= target * self.best.value.abs();
        self.converged = self.agreed && (small || cannot_improve);
        if self.agreed && self.settled.is_none_or(|before| self.best.error < before.error && agree(&self.best, &before))
        {
            self.settled = Some(self.best);
        }
    }

    pub(crate) fn finish(&self, place: Place, epsilon: f64, shortest: f64) -> Result<Seen, Reason> {
        let mut best = self.best;
        let watches = [Some(&self.slopes), self.curvatures.as_ref()];
        for watch in watches.into_iter().flatten() {
            match watch.sight() {
                Sight::Smooth => {}
                Sight::Kink { left, right } => {
                    return Err(Reason::Kink { place, left, right, step: self.last_step });
                }
                // Not the same units for a slope under a second derivative, but then nothing is known anyway.
                Sight::Unclear(gap) => best.error = best.error.max(gap),
            }
        }
        // All that the function does along the line is hardly more than its noise. Long steps average noise away and look
        // precise; but if it is no noise, and the function just varies faster than the noise was sampled, they lie.
        let noise = self.last_noise;
        let loud = noise > 4.0 * epsilon * (self.origin.abs() + self.spread);
        if loud && self.spread > 0.0 && self.spread < 100.0 * noise {
            best.error = best.error.max(noise / shortest);
        }
        if let Some(before) = self.doubted {
            best.error = best.error.max((best.value - before.value).abs());
        }
        // No two rows ever told the same: the derivative may be anything that was seen.
        if !self.agreed {
            best.error = best.error.max(self.largest_quotient);
        }
        let (variation, flat_below) = (self.variation, None);
        Ok(Seen { estimate: best, variation, still: false, flat_below, hides: 0.0 })
    }
}

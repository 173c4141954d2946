//! One line through one point: rows of ever shorter steps, until every entry has settled.
//!
//! A row is the pair f(x ± h v). It feeds three tables for every entry: the central quotient, whose extrapolation is
//! the answer, and the gaps between one-sided quotients, which tell whether the question makes sense. An entry
//! settles when its error is small or cannot get smaller, a second row agrees, and no gap is left.
//!
//! The best estimate so far is not simply the one with the smallest error. Where the step is longer than
//! the function's own scale (sin 10⁵t at h = 0.1), quotients are as good as random, and among many some agree by
//! accident. So a finer row that contradicts the best one replaces it, however proud its error estimate was.

use super::jump::step_between;
use super::kink::{Sight, Watch};
use super::noise::Origin;
use super::tableau::{Powers, RATIO, RowBest, Tableau};
use super::{Derivative, Estimate, Settings, first_step, point};
use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, largest, widen};

/// Which derivative along the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    First,
    Second,
}

/// Below this many rows an agreement may be an accident.
const FEWEST_ROWS: usize = 5;
const MOST_ROWS: usize = 68;
/// A gap between one-sided derivatives that is known to this relative accuracy counts as looked at.
const LOOKED: f64 = 0.01;

/// A [`Derivative`] of which some entries may have no estimate.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) entries: Vec<Result<Estimate, Reason>>,
    largest_step: f64,
    smallest_step: f64,
    evaluations: usize,
    pub(crate) natural_scale: f64,
}

impl Line {
    pub(crate) fn all(self) -> Result<Derivative, Reason> {
        Ok(Derivative {
            entries: self.entries.into_iter().collect::<Result<_, _>>()?,
            largest_step: self.largest_step,
            smallest_step: self.smallest_step,
            evaluations: self.evaluations,
            natural_scale: self.natural_scale,
        })
    }

    /// The estimate of a function with one entry.
    pub(crate) fn only(mut self) -> Result<Estimate, Reason> {
        self.entries.pop().unwrap_or(Err(Reason::Empty))
    }
}

/// Follows φ(t) = f(x + t v) to its derivative at 0.
pub(crate) fn along<T: Scalar>(
    f: &dyn Fn(&[T]) -> Vec<T>,
    origin: &Origin<'_, T>,
    v: &[T],
    order: Order,
    settings: &Settings,
) -> Result<Line, Reason> {
    let x = origin.x;
    if x.len() != v.len() {
        return Err(Reason::Shape { what: "the direction", expected: x.len(), got: v.len() });
    }
    let first = first_step(x, v, settings.step);
    if !first.is_finite() || first == 0.0 {
        return Err(Reason::ZeroDirection);
    }
    let target = settings.target.unwrap_or(0.01 * T::EPSILON.sqrt());
    let shortest = shortest_step(x, v);
    let ends = |h: f64| {
        let ends = [widen(&f(&point(x, -h, v))), widen(&f(&point(x, h, v)))];
        let same = ends.iter().all(|end| end.len() == origin.values.len());
        if same { Ok(ends) } else { Err(Reason::NotDeterministic) }
    };
    let begin = || -> Vec<Track> {
        let values = origin.values.iter();
        values.map(|&value| Track::new(value, order)).collect()
    };

    let mut tracks = begin();
    let mut rows = 0;
    let mut evaluations = origin.evaluations;
    let mut not_finite = None;
    let (mut largest_step, mut smallest_step, mut natural_scale) = (first, first, 0.0);
    let steps = std::iter::successors(Some(first), |h| Some(h / RATIO));
    for h in steps.take(MOST_ROWS) {
        if h < shortest && rows >= FEWEST_ROWS {
            break;
        }
        let [left, right] = ends(h)?;
        evaluations += 2;
        let finite = |(left, right): (&f64, &f64)| left.is_finite() && right.is_finite();
        if let Some(i) = left.iter().zip(&right).position(|ends| !finite(ends)) {
            // The step leaves the domain: begin again with shorter ones.
            not_finite = Some(i);
            rows = 0;
            tracks = begin();
            continue;
        }
        if rows == 0 {
            largest_step = h;
            let size = largest(origin.values.iter().chain(&right).copied());
            natural_scale = match order {
                Order::First => size / h,
                Order::Second => size / (h * h),
            };
        }
        rows += 1;
        smallest_step = h;
        for (i, track) in tracks.iter_mut().enumerate() {
            let (left, right) = (left[i], right[i]);
            let noise = origin.noise[i].max(T::EPSILON * right.abs().max(left.abs()));
            track.push(&Row { h, left, right, noise }, target, T::EPSILON.sqrt());
        }
        if rows >= FEWEST_ROWS && tracks.iter().all(Track::has_settled) {
            break;
        }
    }
    if rows < FEWEST_ROWS
        && let Some(i) = not_finite
    {
        return Err(Reason::NonFinite { place: Place::Entry(i), at_point: false });
    }
    let near = shortest.max(first / 2f64.powi(44));
    let mut entries: Vec<_> =
        tracks.iter().enumerate().map(|(i, track)| track.finish(Place::Entry(i), T::EPSILON, near)).collect();

    // Shelves are looked for only where something is odd: eight values more.
    let odd = |i: usize| {
        let last_digit = T::EPSILON * origin.values[i].abs();
        entries[i].is_err() || origin.noise[i] > 1e3 * last_digit
    };
    let odd: Vec<usize> = (0..entries.len()).filter(|&i| odd(i)).collect();
    if !odd.is_empty() {
        let sides: Vec<_> = (1..=4).map(|j| ends(f64::from(j) * near)).collect::<Result<_, _>>()?;
        evaluations += 8;
        for i in odd {
            let side = |end: usize| sides.iter().map(|ends| ends[end][i]).collect::<Vec<_>>();
            let last_digit = T::EPSILON * origin.values[i].abs();
            if let Some((left, right)) = step_between(&side(0), &side(1), last_digit) {
                let place = Place::Entry(i);
                entries[i] = Err(Reason::Jump { place, left, right });
            }
        }
    }
    Ok(Line { entries, largest_step, smallest_step, evaluations, natural_scale })
}

/// Shorter steps would move every coordinate by a few units in its last place only.
fn shortest_step<T: Scalar>(x: &[T], v: &[T]) -> f64 {
    let moving = x.iter().zip(v).filter(|(_, v)| !v.is_zero());
    let steps = moving.map(|(x, v)| 16.0 * T::EPSILON * x.widen().abs() / v.widen().abs());
    steps.fold(f64::INFINITY, f64::min)
}

/// φ(±h), and how much noise is in them.
struct Row {
    h: f64,
    left: f64,
    right: f64,
    noise: f64,
}

/// One entry of the function along the line.
struct Track {
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
    last_noise: f64,
    slopes: Watch,
    curvatures: Option<Watch>,
    before: Option<(f64, f64)>,
    converged: bool,
}

impl Track {
    fn new(origin: f64, order: Order) -> Self {
        Track {
            order,
            origin,
            central: Tableau::new(Powers::Even),
            best: Estimate { value: f64::NAN, error: f64::INFINITY },
            witness: None,
            agreed: false,
            largest_quotient: 0.0,
            spread: 0.0,
            last_noise: 0.0,
            slopes: Watch::new(),
            curvatures: (order == Order::Second).then(Watch::new),
            before: None,
            converged: false,
        }
    }

    fn has_settled(&self) -> bool {
        let smooth = self.slopes.is_clear() && self.curvatures.as_ref().is_none_or(Watch::is_clear);
        self.converged && smooth
    }

    fn push(&mut self, row: &Row, target: f64, tolerance: f64) {
        let &Row { h, left, right, noise } = row;
        let origin = self.origin;
        let (quotient, rounding) = match self.order {
            Order::First => ((right - left) / (2.0 * h), noise / h),
            Order::Second => {
                let second = (right - origin) - (origin - left);
                (second / (h * h), 4.0 * noise / (h * h))
            }
        };
        self.extrapolate(quotient, rounding, target);
        let spread = (right - origin).abs().max((left - origin).abs());
        self.spread = self.spread.max(spread);
        self.last_noise = noise;
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
    }

    fn finish(&self, place: Place, epsilon: f64, shortest: f64) -> Result<Estimate, Reason> {
        let mut best = self.best;
        let watches = [Some(&self.slopes), self.curvatures.as_ref()];
        for watch in watches.into_iter().flatten() {
            match watch.sight() {
                Sight::Smooth => {}
                Sight::Kink { left, right } => return Err(Reason::Kink { place, left, right }),
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
        // No two rows ever told the same: the derivative may be anything that was seen.
        if !self.agreed {
            best.error = best.error.max(self.largest_quotient);
        }
        Ok(best)
    }
}

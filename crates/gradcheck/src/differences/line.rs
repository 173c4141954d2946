//! One line through one point: rows of ever shorter steps, until every entry has settled.
//!
//! A row is the pair f(x ± h v). It feeds three tables for every entry: the central quotient, whose extrapolation is
//! the answer, and the gaps between one-sided quotients, which tell whether the question makes sense. An entry
//! settles when its error is small or cannot get smaller, a second row agrees, and no gap is left.
//!
//! Quotients at long steps can agree and still miss a narrow feature near the point. So before the result is believed, one pair at a
//! much shorter step is evaluated; if it disagrees, the steps shrink down to it.

use super::estimate::{Derivative, Seen, Settings};
use super::jump::step_between;
use super::noise::Origin;
use super::order::Order;
use super::steps::{first_step, point, shortest_step};
use super::still::hides_a_slope;
use super::tableau::RATIO;
use super::track::{Row, Track};
use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, largest, widen};

/// Below this many rows an agreement may be an accident.
const FEWEST_ROWS: usize = 5;
const MOST_ROWS: usize = 68;
/// Steps around the sentinel, relative to it.
const WITNESSES: [f64; 7] = [0.61, 0.7, 0.83, 1.19, 1.37, 1.58, 1.83];

/// A [`Derivative`] of which some entries may have no estimate.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) entries: Vec<Result<Seen, Reason>>,
    largest_step: f64,
    smallest_step: f64,
    evaluations: usize,
    natural_scale: f64,
}

impl Line {
    pub(crate) fn all(self) -> Result<Derivative, Reason> {
        Ok(Derivative {
            entries: self.entries.into_iter().map(|entry| Ok(entry?.estimate)).collect::<Result<_, _>>()?,
            largest_step: self.largest_step,
            smallest_step: self.smallest_step,
            evaluations: self.evaluations,
            natural_scale: self.natural_scale,
        })
    }

    /// What a function with one entry showed.
    pub(crate) fn only(mut self) -> Result<Seen, Reason> {
        self.entries.pop().unwrap_or(Err(Reason::Empty))
    }
}

/// Follows φ(t) = f(x + t v) to its derivative at 0.
///
/// The steps begin at the scale max(1, |x|). If they all leave the domain (ln at 10⁻¹⁴), they begin again at |x|.
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
    let scale = first_step(x, v, settings.step) / settings.step;
    if !scale.is_finite() || scale == 0.0 {
        return Err(Reason::ZeroDirection);
    }
    let line = along_from(f, origin, v, order, scale, settings);
    let near = shortest_step(x, v) / (16.0 * T::EPSILON);
    match line {
        Err(Reason::NonFinite { at_point: false, .. }) if near > 0.0 && near < 1e-6 * scale => {
            along_from(f, origin, v, order, near, settings)
        }
        line => line,
    }
}

/// [`along`], from a first step of `settings.step` times `scale`.
fn along_from<T: Scalar>(
    f: &dyn Fn(&[T]) -> Vec<T>,
    origin: &Origin<'_, T>,
    v: &[T],
    order: Order,
    scale: f64,
    settings: &Settings,
) -> Result<Line, Reason> {
    let (x, first) = (origin.x, settings.step * scale);
    let epsilon = settings.epsilon::<T>();
    let (target, tolerance) = (settings.target.unwrap_or(0.01 * epsilon.sqrt()), epsilon.sqrt());
    let shortest = shortest_step(x, v);
    let ends = |h: f64| {
        let ends = [widen(&f(&point(x, -h, v))), widen(&f(&point(x, h, v)))];
        let same = ends.iter().all(|end| end.len() == origin.values.len());
        if same { Ok(ends) } else { Err(Reason::LengthChanges) }
    };
    let begin = || -> Vec<Track> {
        let values = origin.values.iter();
        values.map(|&value| Track::new(value, order)).collect()
    };
    let row_of = |i: usize, h: f64, [left, right]: &[Vec<f64>; 2]| {
        let (left, right) = (left[i], right[i]);
        Row { h, left, right, noise: origin.noise[i].max(epsilon * right.abs().max(left.abs())) }
    };

    let mut tracks = begin();
    let mut rows: Vec<(f64, [Vec<f64>; 2])> = Vec::new();
    let mut evaluations = origin.evaluations;
    let mut not_finite = None;
    let sentinel = (scale * order.best_step(epsilon)).max(shortest);
    let (mut watched, mut go_on_to) = (false, f64::INFINITY);
    let steps = std::iter::successors(Some(first), |h| Some(h / RATIO));
    for h in steps.take(MOST_ROWS) {
        if h < shortest && rows.len() >= FEWEST_ROWS {
            break;
        }
        let pair = ends(h)?;
        evaluations += 2;
        if let Some(i) = not_finite_at(&pair) {
            // The step leaves the domain: begin again with shorter ones.
            not_finite = Some((i, h));
            rows.clear();
            tracks = begin();
            continue;
        }
        for (i, track) in tracks.iter_mut().enumerate() {
            track.push(&row_of(i, h, &pair), target, tolerance);
        }
        rows.push((h, pair));
        if rows.len() < FEWEST_ROWS || h > go_on_to || !tracks.iter().all(Track::has_settled) {
            continue;
        }
        if watched || h <= sentinel {
            break;
        }
        watched = true;
        let pair = ends(sentinel)?;
        evaluations += 2;
        let off: Vec<f64> =
            tracks.iter().enumerate().map(|(i, track)| track.contradiction(&row_of(i, sentinel, &pair))).collect();
        if not_finite_at(&pair).is_none() && off.iter().all(|off| *off == 0.0) {
            break;
        }
        // A narrow feature pulls all short quotients to one side, noise that was not known pulls them to both.
        let mut noisy = vec![false; tracks.len()];
        for witness in WITNESSES {
            let h = (witness * sentinel).max(shortest);
            let pair = ends(h)?;
            evaluations += 2;
            for (i, track) in tracks.iter().enumerate() {
                noisy[i] |= track.contradiction(&row_of(i, h, &pair)) * off[i] < 0.0;
            }
        }
        tracks.iter_mut().zip(noisy).filter(|(_, noisy)| *noisy).for_each(|(track, _)| track.doubt());
        go_on_to = sentinel;
    }
    if rows.len() < 2 * FEWEST_ROWS
        && !tracks.iter().all(Track::has_settled)
        && let Some((i, step)) = not_finite
    {
        return Err(Reason::NonFinite { place: Place::Entry(i), at_point: false, step });
    }
    let near = shortest.max(first / 2f64.powi(44));
    let (row_of, all_rows) = (&row_of, &rows);
    let finish = |(i, track): (usize, &Track)| {
        let rows = || all_rows.iter().map(move |(h, pair)| row_of(i, *h, pair));
        let flat = track.flat(rows());
        let seen = match flat.as_ref().and_then(|flat| track.stair(flat)) {
            None => track.finish(Place::Entry(i), epsilon, near)?,
            Some(stair) => {
                let above = Track::above(&stair, rows(), track, target, tolerance);
                above.finish(Place::Entry(i), epsilon, near)?
            }
        };
        let (flat_below, hides) = (flat.as_ref().map(|flat| flat.below), flat.map_or(0.0, |flat| flat.hides()));
        Ok(Seen { flat_below, hides, ..seen })
    };
    let mut entries: Vec<_> = tracks.iter().enumerate().map(finish).collect();

    evaluations += mark_jumps(&mut entries, origin, &ends, near, epsilon)?;
    let (largest_step, smallest_step) = match (rows.first(), rows.last()) {
        (Some((long, _)), Some((short, _))) => (*long, *short),
        _ => (first, first),
    };
    evaluations += mark_still(&mut entries, &tracks, origin, &ends, largest_step, epsilon)?;
    let size = rows.first().map_or(0.0, |(_, [_, right])| largest(origin.values.iter().chain(right).copied()));
    let natural_scale = match order {
        Order::First => size / largest_step,
        Order::Second => size / (largest_step * largest_step),
    };
    Ok(Line { entries, largest_step, smallest_step, evaluations, natural_scale })
}

/// φ(−h) and φ(h).
type Ends<'a> = &'a dyn Fn(f64) -> Result<[Vec<f64>; 2], Reason>;

/// Looks for shelves where something is odd, and gives the number of values that took.
fn mark_jumps<T: Scalar>(
    entries: &mut [Result<Seen, Reason>],
    origin: &Origin<'_, T>,
    ends: Ends<'_>,
    near: f64,
    epsilon: f64,
) -> Result<usize, Reason> {
    let last_digit = |i: usize| epsilon * origin.values[i].abs();
    let is_odd = |i: &usize| entries[*i].is_err() || origin.noise[*i] > 1e3 * last_digit(*i);
    let odd: Vec<usize> = (0..entries.len()).filter(is_odd).collect();
    if odd.is_empty() {
        return Ok(0);
    }
    let sides: Vec<_> = (1..=4).map(|j| ends(f64::from(j) * near)).collect::<Result<_, _>>()?;
    for i in odd {
        let side = |end: usize| sides.iter().map(|ends| ends[end][i]).collect::<Vec<_>>();
        if let Some((left, right)) = step_between(&side(0), &side(1), last_digit(i)) {
            entries[i] = Err(Reason::Jump { place: Place::Entry(i), left, right });
        }
    }
    Ok(8)
}

/// Marks the entries that stand still, and gives the number of values that took.
///
/// An entry that stands still to rounding is constant, or its slope is too small to be seen this near. Far away the function
/// may leave its domain, so it is asked only where such a slope would matter beside the other entries.
fn mark_still<T: Scalar>(
    entries: &mut [Result<Seen, Reason>],
    tracks: &[Track],
    origin: &Origin<'_, T>,
    ends: Ends<'_>,
    largest_step: f64,
    epsilon: f64,
) -> Result<usize, Reason> {
    let largest_slope = largest(entries.iter().flatten().map(|seen| seen.estimate.value));
    let mut doubtful = Vec::new();
    for (i, (entry, track)) in entries.iter_mut().zip(tracks).enumerate() {
        if let Ok(seen) = entry
            && track.is_quiet(epsilon)
        {
            seen.still = true;
            if seen.estimate.error > epsilon.sqrt() * largest_slope {
                doubtful.push(i);
            }
        }
    }
    if doubtful.is_empty() {
        return Ok(0);
    }
    let noise: Vec<f64> = doubtful.iter().map(|&i| tracks[i].rounding(epsilon)).collect();
    let mut evaluations = 0;
    let far = |h: f64| {
        evaluations += 2;
        let [left, right] = ends(h)?;
        Ok(doubtful.iter().map(|&i| [left[i] - origin.values[i], right[i] - origin.values[i]]).collect())
    };
    for (&i, hidden) in doubtful.iter().zip(hides_a_slope(far, &noise, largest_step)?) {
        if let Ok(seen) = &mut entries[i] {
            seen.still = !hidden;
        }
    }
    Ok(evaluations)
}

/// The first entry that is not finite at one of the ends.
fn not_finite_at([left, right]: &[Vec<f64>; 2]) -> Option<usize> {
    left.iter().zip(right).position(|(left, right)| !(left.is_finite() && right.is_finite()))
}

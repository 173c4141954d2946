//! A step length that meets the strong Wolfe conditions.
//!
//! Nocedal & Wright 2006, algorithms 3.5 (bracket) and 3.6 (zoom), with the safeguards of PyTorch's `_strong_wolfe`, which has them from minFunc.

/// The descent that a step must at least have, as a share of what the slope promises.
const DESCENT: f64 = 1e-4;
/// The share of the slope that may be left.
const CURVATURE: f64 = 0.9;
/// Evaluations beyond the first, at most.
const MOST: usize = 25;
/// A bracket whose ends are no farther apart, entry by entry, is not searched any more.
const NARROW: f64 = 1e-9;

/// The function along the direction, at one length.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) t: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
    pub(super) gradient: Vec<f64>,
}

impl Point {
    /// A point where function or slope is not finite is beyond what can be walked on.
    fn is_finite(&self) -> bool {
        self.value.is_finite() && self.slope.is_finite()
    }
}

/// From `start` (t = 0) along a direction whose largest entry is `size`: where the search ends, and how many evaluations it took.
pub(super) fn strong_wolfe<E>(
    start: Point,
    first: f64,
    size: f64,
    mut evaluate: impl FnMut(f64) -> Result<Point, E>,
) -> Result<(Point, usize), E> {
    let (f0, g0) = (start.value, start.slope);
    let too_high = |p: &Point| !p.is_finite() || p.value > f0 + DESCENT * p.t * g0;
    let flat = |p: &Point| p.slope.abs() <= -CURVATURE * g0;

    let mut before = start.clone();
    let mut now = evaluate(first)?;
    let (mut evaluations, mut rounds) = (1, 0);
    // Walk on until two points have a good one between them.
    let mut bracket = loop {
        if rounds == MOST {
            break [start, now];
        }
        if too_high(&now) || (rounds > 1 && now.value >= before.value) {
            break [before, now];
        }
        if flat(&now) {
            return Ok((now, evaluations));
        }
        if now.slope >= 0.0 {
            break [before, now];
        }
        let bounds = (now.t + 0.01 * (now.t - before.t), now.t * 10.0);
        let next = evaluate(interpolate(&before, &now, bounds))?;
        before = std::mem::replace(&mut now, next);
        (evaluations, rounds) = (evaluations + 1, rounds + 1);
    };

    // Narrow the bracket. `low` is the end with the lower value.
    let lower = |[a, b]: &[Point; 2]| match (a.is_finite(), b.is_finite()) {
        (true, true) => usize::from(a.value > b.value),
        (a, _) => usize::from(!a),
    };
    let mut low = lower(&bracket);
    let mut stuck = false;
    while rounds < MOST {
        let (left, right) = (bracket[0].t.min(bracket[1].t), bracket[0].t.max(bracket[1].t));
        if (right - left) * size < NARROW {
            break;
        }
        let mut t = interpolate(&bracket[0], &bracket[1], (left, right));
        // A trial near an end twice in a row is moved inside.
        let margin = 0.1 * (right - left);
        if (right - t).min(t - left) < margin {
            if stuck || t >= right || t <= left {
                t = if (t - right).abs() < (t - left).abs() { right - margin } else { left + margin };
                stuck = false;
            } else {
                stuck = true;
            }
        } else {
            stuck = false;
        }
        let new = evaluate(t)?;
        (evaluations, rounds) = (evaluations + 1, rounds + 1);
        let high = 1 - low;
        if too_high(&new) || new.value >= bracket[low].value {
            bracket[high] = new;
            low = lower(&bracket);
            continue;
        }
        let done = flat(&new);
        if !done && new.slope * (bracket[high].t - bracket[low].t) >= 0.0 {
            bracket[high] = bracket[low].clone();
        }
        bracket[low] = new;
        if done {
            break;
        }
    }
    let [a, b] = bracket;
    Ok((if low == 0 { a } else { b }, evaluations))
}

/// The minimum of the cubic with values and slopes of two points, kept within bounds; their middle where there is none.
fn interpolate(a: &Point, b: &Point, (low, high): (f64, f64)) -> f64 {
    let (a, b) = if a.t <= b.t { (a, b) } else { (b, a) };
    let d1 = a.slope + b.slope - 3.0 * (a.value - b.value) / (a.t - b.t);
    let square = d1 * d1 - a.slope * b.slope;
    if square >= 0.0 {
        let d2 = square.sqrt();
        let t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2.0 * d2));
        if t.is_finite() {
            return t.max(low).min(high);
        }
    }
    (low + high) / 2.0
}

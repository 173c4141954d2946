//! Taylor remainders: how fast does the error of the local model fall?
//!
//! With a right derivative of order k, the remainder |f(x + h v) − f − h c₁ − … − hᵏ cₖ / k!| falls like h^(k+1): its
//! slope in a log-log plot is k + 1. A wrong derivative of order j ≤ k leaves a term of order hʲ, and the slope stays
//! j. So the slope tells *which* order is wrong. A slope between the two tells that the function is badly scaled or
//! not smooth, which is another thing than wrong.
//!
//! Slopes are read at the short end, as far as remainders rise above rounding: there the lowest power rules.
//! Both signs of h are followed. At a kink the even part of the remainder falls like h, and no derivative is to blame.

use crate::cause::Cause;
use crate::checker::Checker;
use crate::differences::{first_step, noise, point};
use crate::failure::Failure;
use crate::number::Number;
use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, dot, largest, widen};
use crate::verdict::{Check, Passed, Verdict};
use std::fmt;

/// What the remainders of one order say.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// The slope is what it should be.
    Right,
    /// The remainders vanish to rounding: f is a polynomial of this degree along the line.
    Exact,
    /// The slope is that of a wrong derivative of this order, off by about `off` along the line.
    Wrong {
        /// The order of the wrong derivative: 1 is the gradient, 2 the Hessian.
        order: usize,
        /// Expected minus claimed directional derivative of that order.
        off: f64,
    },
    /// The remainders cannot tell.
    Unclear(Reason),
}

/// The remainders of the Taylor polynomial of one order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Remainders {
    /// The highest derivative in the polynomial.
    pub order: usize,
    /// order + 1.
    pub expected_slope: f64,
    /// The slope at the short end, if three remainders or more rise above rounding.
    pub slope: Option<f64>,
    /// (h, remainder) from long to short steps, as far as they rise above rounding.
    pub points: Vec<(f64, f64)>,
    /// What that says.
    pub finding: Finding,
}

/// The slopes of the remainders of every order. Prints as a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TaylorReport {
    /// One per order, from 0.
    pub orders: Vec<Remainders>,
    /// What stands in the way of any slope.
    blocked: Option<Reason>,
}

/// Checks a gradient by the slope of Taylor remainders along `v`: slope 2 if right, 1 if wrong.
///
/// # Shapes
/// `f: [n] -> []`, `grad: [n] -> [n]`, `x`, `v: [n]`.
///
/// # Errors
/// None; ask the report for its [`verdict`](TaylorReport::verdict).
///
/// # Example
/// ```
/// let f = |x: &[f64]| x[0].exp();
/// let right = quadric_gradcheck::taylor(f, |x| vec![x[0].exp()], &[0.0], &[1.0]);
/// let wrong = quadric_gradcheck::taylor(f, |x| vec![x[0]], &[0.5], &[1.0]);
/// assert!((right.orders[1].slope.unwrap() - 2.0).abs() < 0.1);
/// assert!((wrong.orders[1].slope.unwrap() - 1.0).abs() < 0.1);
/// assert!(right.verdict().is_passed() && wrong.verdict().is_failed());
/// ```
pub fn taylor<T: Scalar>(f: impl Fn(&[T]) -> T, grad: impl Fn(&[T]) -> Vec<T>, x: &[T], v: &[T]) -> TaylorReport {
    let slope = dot(&widen(&grad(x)), &widen(v));
    taylor_coefficients(f, &[slope], x, v)
}

/// [`taylor()`] with the second order as well: slope 3 if the Hessian-vector product is right too.
///
/// # Shapes
/// `f: [n] -> []`, `grad: [n] -> [n]`, `hvp: [n], [n] -> [n]`, `x`, `v: [n]`.
///
/// # Errors
/// None; ask the report for its [`verdict`](TaylorReport::verdict).
///
/// # Example
/// ```
/// let (f, grad) = (|x: &[f64]| x[0].exp(), |x: &[f64]| vec![x[0].exp()]);
/// let hvp = |x: &[f64], v: &[f64]| vec![2.0 * x[0].exp() * v[0]]; // twice too large
/// let report = quadric_gradcheck::taylor_with_hvp(f, grad, hvp, &[0.0], &[1.0]);
/// assert!(report.verdict().to_string().contains("derivative of order 2"));
/// ```
pub fn taylor_with_hvp<T: Scalar>(
    f: impl Fn(&[T]) -> T,
    grad: impl Fn(&[T]) -> Vec<T>,
    hvp: impl Fn(&[T], &[T]) -> Vec<T>,
    x: &[T],
    v: &[T],
) -> TaylorReport {
    let direction = widen(v);
    let slope = dot(&widen(&grad(x)), &direction);
    let curvature = dot(&widen(&hvp(x, v)), &direction);
    taylor_coefficients(f, &[slope, curvature], x, v)
}

/// The same for any order: `derivatives[k - 1]` is the k-th derivative of t ↦ f(x + t v) at 0.
///
/// # Shapes
/// `f: [n] -> []`, `x`, `v: [n]`.
///
/// # Errors
/// None; ask the report for its [`verdict`](TaylorReport::verdict).
///
/// # Example
/// ```
/// // sin at 0: derivatives 1, 0, −1
/// let report = quadric_gradcheck::taylor_coefficients(|x: &[f64]| x[0].sin(), &[1.0, 0.0, -1.0], &[0.0], &[1.0]);
/// report.verdict().unwrap();
/// ```
pub fn taylor_coefficients<T: Scalar>(f: impl Fn(&[T]) -> T, derivatives: &[f64], x: &[T], v: &[T]) -> TaylorReport {
    Checker::new().taylor_coefficients(f, derivatives, x, v)
}

const ROWS: i32 = 30;
/// A remainder has to be this many times the noise to count.
const LOUD: f64 = 16.0;
/// How far a slope may be from a whole number.
const NEAR: f64 = 0.25;

impl Checker {
    /// [`taylor_coefficients`] with these options.
    pub fn taylor_coefficients<T: Scalar>(
        &self,
        f: impl Fn(&[T]) -> T,
        derivatives: &[f64],
        x: &[T],
        v: &[T],
    ) -> TaylorReport {
        match sample(self, &f, derivatives, x, v) {
            Ok(samples) => TaylorReport {
                orders: (0..=derivatives.len()).map(|order| read(order, derivatives, &samples)).collect(),
                blocked: None,
            },
            Err(reason) => TaylorReport { orders: Vec::new(), blocked: Some(reason) },
        }
    }
}

struct Sample {
    h: f64,
    right: f64,
    left: f64,
    noise: f64,
}

struct Samples {
    origin: f64,
    rows: Vec<Sample>,
}

fn sample<T: Scalar>(
    checker: &Checker,
    f: &dyn Fn(&[T]) -> T,
    derivatives: &[f64],
    x: &[T],
    v: &[T],
) -> Result<Samples, Reason> {
    if x.is_empty() {
        return Err(Reason::Empty);
    }
    if v.len() != x.len() {
        return Err(Reason::Shape { what: "v", expected: x.len(), got: v.len() });
    }
    let settings = checker.settings::<T>();
    let first = first_step(x, v, settings.step);
    if !first.is_finite() || first == 0.0 {
        return Err(Reason::ZeroDirection);
    }
    let origin = f(x).widen();
    if !origin.is_finite() {
        return Err(Reason::NonFinite { place: Place::Scalar, at_point: true });
    }
    let base = noise::measure(&|x| vec![f(x)], x, &[origin], settings.noise_samples, settings.seed)[0];
    let mut rows = Vec::new();
    for k in 0..ROWS {
        let h = first / 2f64.powi(k);
        let (right, left) = (f(&point(x, h, v)).widen(), f(&point(x, -h, v)).widen());
        if !(right.is_finite() && left.is_finite()) {
            rows.clear();
            continue;
        }
        let terms = derivatives.iter().enumerate().map(|(k, c)| c * h.powi(k as i32 + 1));
        let size = largest([right, left]).max(largest(terms));
        rows.push(Sample { h, right, left, noise: base.max(2.0 * T::EPSILON * size) });
    }
    if rows.len() < 4 {
        return Err(Reason::NonFinite { place: Place::Scalar, at_point: false });
    }
    Ok(Samples { origin, rows })
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
            let sizes: Vec<f64> = points.iter().map(|(_, size)| *size).collect();
            // A curve that bends passes through whole numbers too: only a straight one accuses.
            let straight = last_slopes(&sizes).is_some_and(|slopes| slopes[2] - slopes[0] <= 2.0 * NEAR);
            let whole = straight && (slope - nearest).abs() <= NEAR && nearest >= 1.0;
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
                })
            } else if whole && nearest <= order as f64 {
                let power = nearest as usize;
                let factorial: f64 = (1..=power).map(|k| k as f64).product();
                let part = if power.is_multiple_of(2) { even_part } else { odd_part };
                Finding::Wrong { order: power, off: part * factorial / h.powi(power as i32) }
            } else {
                Finding::Unclear(Reason::NotAsymptotic { expected, slope: Some(slope) })
            }
        }
        None if points.len() <= 2 && drowned(order, derivatives, samples) => {
            Finding::Unclear(Reason::NotAsymptotic { expected, slope: None })
        }
        None => Finding::Exact,
    };
    Remainders { order, expected_slope: expected, slope, points, finding }
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
    let Sample { h, noise, right, .. } = &samples.rows[0];
    let noise = LOUD * noise;
    match order.checked_sub(1).map(|k| derivatives[k].abs()) {
        Some(c) if c > 0.0 => noise > 0.05 * c * h.powi(order as i32) / (1..=order).map(|k| k as f64).product::<f64>(),
        _ => noise > 1e-3 * right.abs().max(samples.origin.abs()) && noise > 0.0,
    }
}

impl TaylorReport {
    /// The report as a verdict: the lowest wrong order fails it, an unclear order makes it unchecked.
    pub fn verdict(&self) -> Verdict {
        let check = Check::Taylor;
        if let Some(reason) = &self.blocked {
            return Verdict::unchecked(check, reason.clone());
        }
        let kink = self.orders.iter().find_map(|remainders| match &remainders.finding {
            Finding::Unclear(reason @ Reason::Kink { .. }) => Some(reason.clone()),
            _ => None,
        });
        if let Some(reason) = kink {
            return Verdict::unchecked(check, reason);
        }
        for remainders in &self.orders {
            if let Finding::Wrong { order, off } = remainders.finding {
                let slope = remainders.slope.unwrap_or(f64::NAN);
                return Verdict::Failed(Box::new(Failure {
                    check,
                    mismatches: Vec::new(),
                    compared: self.orders.len(),
                    cause: Some(Cause::Order(order)),
                    note: Some(format!(
                        "the remainder of order {} falls with slope {slope:.2}, expected {}: the derivative of order \
                         {order} along v is off by about {}",
                        remainders.order,
                        remainders.expected_slope,
                        Number::short(off)
                    )),
                }));
            }
        }
        let unclear = self.orders.iter().find_map(|remainders| match &remainders.finding {
            Finding::Unclear(reason) => Some(reason.clone()),
            _ => None,
        });
        if let Some(reason) = unclear {
            return Verdict::unchecked(check, reason);
        }
        let short = |remainders: &Remainders| {
            remainders.slope.map_or(0.0, |slope| (remainders.expected_slope - slope).max(0.0) / NEAR)
        };
        Verdict::Passed(Passed {
            checks: self.orders.len(),
            unresolved: 0,
            worst: self.orders.iter().map(short).fold(0.0, f64::max),
            resolution: NEAR,
        })
    }
}

impl fmt::Display for TaylorReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "order  expected slope  slope  points  finding")?;
        for remainders in &self.orders {
            let slope = remainders.slope.map_or("—".into(), |slope| format!("{slope:.2}"));
            let finding = match &remainders.finding {
                Finding::Right => "right".into(),
                Finding::Exact => "exact to rounding".into(),
                Finding::Wrong { order, off } => {
                    format!("wrong: order {order} is off by {}", Number::short(*off))
                }
                Finding::Unclear(reason) => format!("unclear: {reason}"),
            };
            let (order, expected, count) = (remainders.order, remainders.expected_slope, remainders.points.len());
            writeln!(out, "{order:>5}  {expected:>14}  {slope:>5}  {count:>6}  {finding}")?;
        }
        if let Some(reason) = &self.blocked {
            writeln!(out, "unchecked: {reason}")?;
        }
        Ok(())
    }
}

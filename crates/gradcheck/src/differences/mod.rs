//! Finite differences that know their own error.
//!
//! Along the line φ(t) = f(x + t v) we take central quotients at shorter and shorter steps, extrapolate them, and stop
//! when the error estimate is small or cannot fall any more because the function's rounding, divided by the step,
//! has caught up. No step has to be chosen by hand, and no tolerance guessed: every [`Estimate`] carries the error
//! that a comparison with it has to allow.
//!
//! A line along which f is not finite, or has a kink at the point, has no estimate: the [`Reason`] says why.
//!
//! Where f stands still to its last digit and nothing else varies along the line, it is looked at up to 256 first steps away,
//! to tell a constant from a slope that rounding hides.
//!
//! Considered and set aside: complex steps (exact to rounding, but only for functions generic enough to take
//! complex numbers), and one step of the textbook size √ε or ∛ε (half the digits and no error estimate).

pub(crate) mod estimate;
mod jump;
mod kink;
mod line;
pub(crate) mod noise;
mod order;
pub(crate) mod stair;
mod steps;
pub(crate) mod still;
mod tableau;
mod track;

use crate::place::Place;
use crate::reason::Reason;
use crate::scalar::{Scalar, largest, widen};
pub(crate) use estimate::Seen;
pub use estimate::{Derivative, Estimate, Settings};
pub(crate) use line::{Line, along};
pub(crate) use noise::Origin;
pub(crate) use order::Order;
pub(crate) use steps::{axis, first_step, point, shortest_step};

/// First derivative along a direction: d/dt f(x + t v) at t = 0, that is J v.
///
/// # Shapes
/// `f: [n] -> [m]`, `x: [n]`, `v: [n]`, `m` estimates.
///
/// # Errors
/// A [`Reason`] if f is not finite around x, has a kink there, is not deterministic, or `v` is zero.
///
/// # Example
/// ```
/// use quadric_gradcheck::differences::{Settings, directional};
/// let f = |x: &[f64]| vec![x[0].sin(), x[0] * x[1]];
/// let d = directional(f, &[0.0, 3.0], &[1.0, 0.0], &Settings::default())?;
/// assert!((d.entries[0].value - 1.0).abs() <= d.entries[0].error); // cos 0
/// assert!((d.entries[1].value - 3.0).abs() <= d.entries[1].error);
/// assert!(d.entries.iter().all(|entry| entry.error < 1e-9));
/// # Ok::<(), quadric_gradcheck::Reason>(())
/// ```
pub fn directional<T: Scalar>(
    f: impl Fn(&[T]) -> Vec<T>,
    x: &[T],
    v: &[T],
    settings: &Settings,
) -> Result<Derivative, Reason> {
    let origin = Origin::of(&f, x, settings)?;
    along(&f, &origin, v, Order::First, settings)?.all()
}

/// Second derivative along a direction: d²/dt² f(x + t v) at t = 0, for scalar f that is vᵀ H v.
///
/// # Shapes
/// `f: [n] -> [m]`, `x: [n]`, `v: [n]`, `m` estimates.
///
/// # Errors
/// As [`directional`]; a kink in the first derivative counts as well (t·|t| at 0).
///
/// # Example
/// ```
/// use quadric_gradcheck::differences::{Settings, second_directional};
/// let d = second_directional(|x: &[f64]| vec![x[0].powi(3)], &[2.0], &[1.0], &Settings::default())?;
/// assert!((d.entries[0].value - 12.0).abs() < 1e-8); // 6 x
/// # Ok::<(), quadric_gradcheck::Reason>(())
/// ```
pub fn second_directional<T: Scalar>(
    f: impl Fn(&[T]) -> Vec<T>,
    x: &[T],
    v: &[T],
    settings: &Settings,
) -> Result<Derivative, Reason> {
    let origin = Origin::of(&f, x, settings)?;
    along(&f, &origin, v, Order::Second, settings)?.all()
}

/// Mixed second derivative uᵀ H v of a scalar function, from its values alone.
///
/// By polarization: 4 uᵀHv = q(u + v) − q(u − v), with q the second derivative along a line. Two lines are cheaper
/// to watch for kinks than a plane.
///
/// # Shapes
/// `f: [n] -> []`, `x`, `u`, `v: [n]`.
///
/// # Errors
/// As [`second_directional`].
///
/// # Example
/// ```
/// use quadric_gradcheck::differences::{Settings, mixed};
/// let f = |x: &[f64]| x[0] * x[0] * x[1];
/// let h_01 = mixed(f, &[3.0, 5.0], &[1.0, 0.0], &[0.0, 1.0], &Settings::default())?;
/// assert!((h_01.value - 6.0).abs() < 1e-8); // 2 x₀
/// # Ok::<(), quadric_gradcheck::Reason>(())
/// ```
pub fn mixed<T: Scalar>(
    f: impl Fn(&[T]) -> T,
    x: &[T],
    u: &[T],
    v: &[T],
    settings: &Settings,
) -> Result<Estimate, Reason> {
    let f = |x: &[T]| vec![f(x)];
    let origin = Origin::of(&f, x, settings)?;
    mixed_at(&f, &origin, u, v, settings).map(|seen| seen.estimate)
}

/// [`mixed`] from a known origin.
pub(crate) fn mixed_at<T: Scalar>(
    f: &dyn Fn(&[T]) -> Vec<T>,
    origin: &Origin<'_, T>,
    u: &[T],
    v: &[T],
    settings: &Settings,
) -> Result<Seen, Reason> {
    // Both are brought to size 1: neither is lost in the sum, and no square of a tiny one underflows.
    let (size_u, size_v) = (power_of_two(u)?, power_of_two(v)?);
    let combined = |sign: f64| -> Vec<T> {
        let sum = |(u, v): (&T, &T)| T::narrow(v.widen() / size_v + sign * (u.widen() / size_u));
        u.iter().zip(v).map(sum).collect()
    };
    let nothing = Estimate { value: 0.0, error: 0.0 };
    let mut form = Seen { estimate: nothing, variation: 0.0, still: true, flat_below: None, hides: 0.0 };
    for sign in [1.0, -1.0] {
        let direction = combined(sign);
        // u = ∓v: the form of the zero vector is zero.
        if direction.iter().all(|d| d.is_zero()) {
            continue;
        }
        let q = along(f, origin, &direction, Order::Second, settings)?.only()?;
        form.estimate.value += sign * q.estimate.value;
        form.estimate.error += q.estimate.error;
        form.variation = form.variation.max(q.variation);
        form.still &= q.still;
        form.flat_below = form.flat_below.or(q.flat_below);
        form.hides = form.hides.max(q.hides);
    }
    let back = |value: f64| value / 4.0 * size_u * size_v;
    form.estimate = Estimate { value: back(form.estimate.value), error: back(form.estimate.error) };
    form.variation = back(form.variation);
    form.hides = back(form.hides);
    Ok(form)
}

/// The power of two next to the largest entry: dividing by it rounds nothing.
fn power_of_two<T: Scalar>(v: &[T]) -> Result<f64, Reason> {
    let size = largest(widen(v));
    if !(size.is_finite() && size > 0.0) {
        return Err(Reason::ZeroDirection);
    }
    Ok(2f64.powi((size.log2().round() as i32).clamp(-1021, 1023)))
}

/// The gradient of a scalar function: [`directional`] along every axis, 2 n lines' ends at several steps each.
///
/// # Shapes
/// `f: [n] -> []`, `x: [n]`, `n` estimates.
///
/// # Errors
/// As [`directional`]; the [`Place`] in the reason is the coordinate.
///
/// # Example
/// ```
/// use quadric_gradcheck::differences::{Settings, gradient};
/// let g = gradient(|x: &[f64]| x[0] * x[1], &[2.0, 3.0], &Settings::default())?;
/// assert!((g[0].value - 3.0).abs() < 1e-9 && (g[1].value - 2.0).abs() < 1e-9);
/// # Ok::<(), quadric_gradcheck::Reason>(())
/// ```
pub fn gradient<T: Scalar>(f: impl Fn(&[T]) -> T, x: &[T], settings: &Settings) -> Result<Vec<Estimate>, Reason> {
    let f = |x: &[T]| vec![f(x)];
    let origin = Origin::of(&f, x, settings)?;
    (0..x.len())
        .map(|i| {
            let line = along(&f, &origin, &axis(x.len(), i), Order::First, settings);
            line.and_then(Line::only).map(|seen| seen.estimate).map_err(|reason| reason.at(Place::Entry(i)))
        })
        .collect()
}

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

mod jump;
mod kink;
mod line;
pub(crate) mod noise;
pub(crate) mod stair;
pub(crate) mod still;
mod tableau;
mod track;

use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, largest, widen};
pub(crate) use line::{Line, Order, along, shortest_step};
pub(crate) use noise::Origin;

/// A number with a bound on its error, which is an estimate too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The extrapolated difference quotient.
    pub value: f64,
    /// How far from the truth `value` may be: truncation (Ridders) plus rounding.
    pub error: f64,
}

/// What a line tells about one entry of a function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) estimate: Estimate,
    /// Largest |φ(±h) − φ(0)| / hᵏ at the first step: the derivative that what the function does would suggest.
    pub(crate) variation: f64,
    /// The function moves no more than its rounding does, and longer steps find no slope hidden in it.
    pub(crate) still: bool,
    /// Below this step the function stands still, though it had moved at longer ones.
    pub(crate) flat_below: Option<f64>,
    /// A slope that standing still there may hide.
    pub(crate) hides: f64,
}

/// How to take differences. The default suits functions whose scale is the larger of 1 and their argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// First (largest) step, relative to max(1, |xᵢ|). It shrinks until the estimate converges.
    ///
    /// Not a round number: at 0.1 the quotients of sin(20πt) all vanish and agree on a derivative of 0.
    pub step: f64,
    /// Relative error at which refinement stops; `None` means √ε/100 of the scalar type.
    pub target: Option<f64>,
    /// How often the noise of the function is sampled; a sample costs seven values, once for every point.
    pub noise_samples: usize,
    /// Seed of the noise samples.
    pub seed: u64,
    /// The relative precision that the function is computed with, if that is coarser than its type: 6e-8 for `f32`
    /// inside an `f64` interface.
    pub precision: Option<f64>,
}

impl Settings {
    /// The distance from 1 to the next number that the function can tell apart.
    pub(crate) fn epsilon<T: Scalar>(&self) -> f64 {
        self.precision.map_or(T::EPSILON, |precision| precision.max(T::EPSILON))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings { step: 11.0 / 128.0, target: None, noise_samples: 3, seed: 0, precision: None }
    }
}

/// A derivative along a line: one estimate for every entry of the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Derivative {
    /// The estimates, in the order of the function's entries.
    pub entries: Vec<Estimate>,
    /// The largest step that was used: t in f(x + t v).
    pub largest_step: f64,
    /// The smallest step that was used.
    pub smallest_step: f64,
    /// How often the function was called.
    pub evaluations: usize,
    /// Largest |f| / stepᵏ at the first step: the derivative that f's own size would suggest.
    pub natural_scale: f64,
}

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

/// The unit vector eᵢ.
pub(crate) fn axis<T: Scalar>(n: usize, i: usize) -> Vec<T> {
    let mut axis = vec![T::zero(); n];
    axis[i] = T::one();
    axis
}

/// x + t v, rounded once.
pub(crate) fn point<T: Scalar>(x: &[T], t: f64, v: &[T]) -> Vec<T> {
    x.iter().zip(v).map(|(x, v)| T::narrow(x.widen() + t * v.widen())).collect()
}

/// The largest t at which no coordinate moves by more than `step`·max(1, |xᵢ|).
pub(crate) fn first_step<T: Scalar>(x: &[T], v: &[T], step: f64) -> f64 {
    x.iter()
        .zip(v)
        .filter(|(_, v)| !v.is_zero())
        .map(|(x, v)| step * x.widen().abs().max(1.0) / v.widen().abs())
        .fold(f64::INFINITY, f64::min)
}

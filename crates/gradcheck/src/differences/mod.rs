//! Finite differences that know their own error.
//!
//! Along the line φ(t) = f(x + t v) we take central quotients at shorter and shorter steps, extrapolate them, and stop
//! when the error estimate is small or cannot fall any more because the function's rounding, divided by the step,
//! has caught up. No step has to be chosen by hand, and no tolerance guessed: every [`Estimate`] carries the error
//! that a comparison with it has to allow.
//!
//! A line along which f is not finite, or has a kink at the point, has no estimate: the [`Reason`] says why.
//!
//! Considered and set aside: complex steps (exact to rounding, but only for functions generic enough to take
//! complex numbers), and one step of the textbook size √ε or ∛ε (half the digits and no error estimate).

mod jump;
mod kink;
mod line;
pub(crate) mod noise;
mod tableau;

use crate::reason::{Place, Reason};
use crate::scalar::{Scalar, largest, widen};
pub(crate) use line::{Line, Order, along};
pub(crate) use noise::Origin;

/// A number with a bound on its error, which is an estimate too.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The extrapolated difference quotient.
    pub value: f64,
    /// How far from the truth `value` may be: truncation (Ridders) plus rounding.
    pub error: f64,
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
}

impl Default for Settings {
    fn default() -> Self {
        Settings { step: 11.0 / 128.0, target: None, noise_samples: 3, seed: 0 }
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
    mixed_at(&f, &origin, u, v, settings).map(|(estimate, _)| estimate)
}

/// [`mixed`] from a known origin, with the natural scale of the form.
pub(crate) fn mixed_at<T: Scalar>(
    f: &dyn Fn(&[T]) -> Vec<T>,
    origin: &Origin<'_, T>,
    u: &[T],
    v: &[T],
    settings: &Settings,
) -> Result<(Estimate, f64), Reason> {
    // u is brought to the size of v, or one of the two would be lost in the sum.
    let ratio = largest(widen(v)) / largest(widen(u));
    if !(ratio.is_finite() && ratio > 0.0) {
        return Err(Reason::ZeroDirection);
    }
    let ratio = 2f64.powi(ratio.log2().round() as i32);
    let combined = |sign: f64| -> Vec<T> {
        let sum = |(u, v): (&T, &T)| T::narrow(v.widen() + sign * ratio * u.widen());
        u.iter().zip(v).map(sum).collect()
    };
    let (mut value, mut error, mut natural) = (0.0, 0.0, 0.0f64);
    for sign in [1.0, -1.0] {
        let direction = combined(sign);
        // u = ∓v: the form of the zero vector is zero.
        if direction.iter().all(|d| d.is_zero()) {
            continue;
        }
        let line = along(f, origin, &direction, Order::Second, settings)?;
        natural = natural.max(line.natural_scale);
        let q = line.only()?;
        value += sign * q.value;
        error += q.error;
    }
    let scale = 4.0 * ratio;
    Ok((Estimate { value: value / scale, error: error / scale }, natural / scale))
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
            line.and_then(Line::only).map_err(|reason| reason.at(Place::Entry(i)))
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

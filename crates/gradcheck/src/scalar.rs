//! The numbers a function under test may be written in.
//!
//! Everything a check computes itself (differences, extrapolation, dot products) is done in `f64`, whatever the
//! function uses: for `f32` that takes the rounding of the test out of the picture and leaves the function's own.
//! So a scalar has to say only how to get there and back, and how fine its grid is.

use num_traits::Float;
use std::fmt::Debug;

/// A floating-point number that a function under test takes and returns: `f32`, `f64`, or one of your own.
///
/// # Example
/// ```
/// use quadric_gradcheck::Scalar;
/// assert_eq!(f32::narrow(0.5).widen(), 0.5);
/// assert_eq!(<f64 as Scalar>::EPSILON, f64::EPSILON);
/// ```
pub trait Scalar: Float + Debug + 'static {
    /// The distance from 1 to the next larger number.
    const EPSILON: f64;

    /// The same value as an `f64`.
    fn widen(self) -> f64;

    /// The nearest value of this type.
    fn narrow(wide: f64) -> Self;
}

impl Scalar for f64 {
    const EPSILON: f64 = f64::EPSILON;

    fn widen(self) -> f64 {
        self
    }

    fn narrow(wide: f64) -> Self {
        wide
    }
}

impl Scalar for f32 {
    const EPSILON: f64 = f32::EPSILON as f64;

    fn widen(self) -> f64 {
        f64::from(self)
    }

    fn narrow(wide: f64) -> Self {
        wide as f32
    }
}

pub(crate) fn widen<T: Scalar>(values: &[T]) -> Vec<f64> {
    values.iter().map(|value| value.widen()).collect()
}

pub(crate) fn narrow<T: Scalar>(values: &[f64]) -> Vec<T> {
    values.iter().map(|&value| T::narrow(value)).collect()
}

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Largest magnitude; zero for an empty slice.
pub(crate) fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |largest, value| value.abs().max(largest))
}

/// Whether one vector is a multiple of the other, to rounding. Both are scaled to size 1 first, or tiny ones underflow.
pub(crate) fn parallel<T: Scalar>(a: &[T], b: &[T]) -> bool {
    let unit = |values: &[T]| -> Vec<f64> {
        let values = widen(values);
        let size = largest(values.iter().copied());
        let scaled: Vec<f64> = values.iter().map(|value| value / size).collect();
        let norm = dot(&scaled, &scaled).sqrt();
        scaled.iter().map(|value| value / norm).collect()
    };
    let (a, b) = (unit(a), unit(b));
    let cosine = dot(&a, &b);
    // The part of b beside a; 1 − cos² would lose it to cancellation.
    let beside = a.iter().zip(&b).map(|(a, b)| (b - cosine * a).powi(2)).sum::<f64>().sqrt();
    beside <= 16.0 * T::EPSILON
}

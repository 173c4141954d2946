//! Points along a line, and how long its steps may be.

use crate::scalar::Scalar;

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

/// Shorter steps would move every coordinate by a few units in its last place only.
pub(crate) fn shortest_step<T: Scalar>(x: &[T], v: &[T]) -> f64 {
    let moving = x.iter().zip(v).filter(|(_, v)| !v.is_zero());
    let steps = moving.map(|(x, v)| 16.0 * T::EPSILON * x.widen().abs() / v.widen().abs());
    steps.fold(f64::INFINITY, f64::min)
}

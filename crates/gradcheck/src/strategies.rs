//! `proptest` strategies for derivative tests: points, directions, shapes, polynomials.
//!
//! A derivative test wants other inputs than a parser does. Points of moderate size, because a derivative at
//! 1e300 tests the exponent range and not the derivative; directions without tiny entries, because an entry that
//! is weighed with 1e-9 is not tested; and, for functions with kinks, points that stay away from these.

use crate::polynomial::Polynomial;
use crate::scalar::{Scalar, narrow};
use proptest::collection::vec;
use proptest::prelude::*;

/// Points with `n` coordinates, uniform in [−size, size].
///
/// # Example
/// ```
/// use proptest::prelude::*;
/// use quadric_gradcheck::{gradient, strategies::points};
/// proptest!(|(x in points::<f64>(3, 2.0))| {
///     let f = |x: &[f64]| x.iter().map(|x| x.sin()).sum::<f64>();
///     let grad = |x: &[f64]| x.iter().map(|x| x.cos()).collect();
///     gradient(f, grad, &x).unwrap();
/// });
/// ```
pub fn points<T: Scalar>(n: usize, size: f64) -> impl Strategy<Value = Vec<T>> {
    vec(-size..=size, n).prop_map(|x| narrow(&x))
}

/// As [`points`], no coordinate closer than `margin` to any of `kinks`.
///
/// Coordinates too close are moved to the edge of the margin rather than rejected, so no run is lost.
///
/// # Example
/// ```
/// use proptest::prelude::*;
/// use quadric_gradcheck::strategies::points_away_from;
/// proptest!(|(x in points_away_from::<f64>(3, 2.0, &[0.0], 0.1))| {
///     prop_assert!(x.iter().all(|x| x.abs() >= 0.1));
/// });
/// ```
///
/// # Panics
/// If the kinks with their margins leave no room within [−size, size].
#[track_caller]
pub fn points_away_from<T: Scalar>(
    n: usize,
    size: f64,
    kinks: &[f64],
    margin: f64,
) -> impl Strategy<Value = Vec<T>> + use<T> {
    // The free intervals, laid end to end: a uniform number on their total length falls into one of them.
    let mut kinks = kinks.to_vec();
    kinks.sort_by(f64::total_cmp);
    // A hair wider than asked for, so that rounding to T does not step back over the edge.
    let margin = margin * (1.0 + 4.0 * T::EPSILON);
    let mut free = Vec::new();
    let mut start = -size;
    for kink in kinks {
        let reach = margin + 4.0 * T::EPSILON * kink.abs();
        if kink - reach > start {
            free.push((start, (kink - reach).min(size)));
        }
        start = start.max(kink + reach);
    }
    if start < size {
        free.push((start, size));
    }
    let total: f64 = free.iter().map(|(start, end)| end - start).sum();
    assert!(total > 0.0, "no room between the kinks: widen size or lower margin");
    vec(0.0..total, n).prop_map(move |coordinates| {
        let place = |mut at: f64| {
            for (start, end) in &free {
                if at <= end - start {
                    return start + at;
                }
                at -= end - start;
            }
            size
        };
        narrow(&coordinates.into_iter().map(place).collect::<Vec<_>>())
    })
}

/// Directions with `n` entries of magnitude ½ to 1 and either sign: none is too small to be tested.
///
/// # Example
/// ```
/// use proptest::prelude::*;
/// use quadric_gradcheck::strategies::directions;
/// proptest!(|(v in directions::<f32>(4))| {
///     prop_assert!(v.iter().all(|v| (0.5..=1.0).contains(&v.abs())));
/// });
/// ```
pub fn directions<T: Scalar>(n: usize) -> impl Strategy<Value = Vec<T>> {
    let entry =
        (0.5..=1.0, any::<bool>()).prop_map(|(size, negative): (f64, bool)| if negative { -size } else { size });
    vec(entry, n).prop_map(|v: Vec<f64>| narrow(&v))
}

/// Shapes of up to `rank` axes, each from 1 to `extent` long; the empty shape is a scalar.
///
/// # Example
/// ```
/// use proptest::prelude::*;
/// use quadric_gradcheck::strategies::shapes;
/// proptest!(|(shape in shapes(3, 4))| {
///     prop_assert!(shape.len() <= 3 && shape.iter().product::<usize>() <= 64);
/// });
/// ```
pub fn shapes(rank: usize, extent: usize) -> impl Strategy<Value = Vec<usize>> {
    vec(1..=extent.max(1), 0..=rank)
}

/// Polynomials in `variables` variables with up to `terms` terms of total degree up to `degree`.
///
/// # Example
/// ```
/// use proptest::prelude::*;
/// use quadric_gradcheck::{hessian_symmetry, strategies::polynomials};
/// proptest!(|(p in polynomials(2, 4, 3))| {
///     let (u, v) = ([1.0, 0.5], [-0.5, 1.0]);
///     let verdict = hessian_symmetry(|x: &[f64], v: &[f64]| p.hvp(x, v), &[0.3, 0.7], &u, &v);
///     prop_assert!(verdict.is_passed(), "{verdict}");
/// });
/// ```
pub fn polynomials(variables: usize, terms: usize, degree: u32) -> impl Strategy<Value = Polynomial> {
    let term = (-3.0..3.0, vec(0..variables.max(1), 0..=degree as usize));
    vec(term, 1..=terms.max(1)).prop_map(move |terms| {
        let powers = |factors: Vec<usize>| {
            let mut powers = vec![0; variables];
            for factor in factors.into_iter().filter(|factor| *factor < variables) {
                powers[factor] += 1;
            }
            powers
        };
        let terms = terms.into_iter().map(|(coefficient, factors)| (coefficient, powers(factors)));
        Polynomial::new(variables, terms.collect())
    })
}

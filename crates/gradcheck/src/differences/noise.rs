//! How much do the last digits of a function mean?
//!
//! A difference quotient divides the rounding of two values by a small step, so its accuracy ends where the
//! function's rounding begins, and ε·|f| is a poor guess of that: a sum of a million terms, or a small result
//! of large terms, is far noisier. So it is measured, in two ways that see different things:
//!
//! - Every coordinate moves to a neighbouring number. How much f moves then is the rounding of the *points* x + h v,
//!   and how badly f magnifies it. (In the spirit of CESTAC, Vignes 1993,
//!   <https://doi.org/10.1016/0378-4754(93)90003-D>.)
//! - Four points in a row, each a little more than ε^{3/5} of x apart. Their third difference removes the smooth part
//!   (what is left is of size ε^{9/5}) and leaves the rounding of the *values*. (Hamming's difference table; Moré & Wild 2011,
//!   <https://doi.org/10.1137/100786125>.) Neighbouring points would not do: in a long sum, a term
//!   that moves by its last digit does not move the digits of the sum, so every addition rounds the same way again.

use super::estimate::Settings;
use crate::place::Place;
use crate::random::Random;
use crate::reason::Reason;
use crate::scalar::{Scalar, widen};

/// A function at a point: its values, and how much noise is in them.
#[derive(Clone, Debug)]
pub(crate) struct Origin<'a, T> {
    pub(crate) x: &'a [T],
    pub(crate) values: Vec<f64>,
    pub(crate) noise: Vec<f64>,
    pub(crate) evaluations: usize,
}

impl<'a, T: Scalar> Origin<'a, T> {
    /// Evaluates `f` at `x` and around it.
    ///
    /// Fails if the values are not finite, or differ from one call to the next.
    pub(crate) fn of(f: &dyn Fn(&[T]) -> Vec<T>, x: &'a [T], settings: &Settings) -> Result<Self, Reason> {
        let values = widen(&f(x));
        if let Some(i) = values.iter().position(|y| !y.is_finite()) {
            return Err(Reason::NonFinite { place: Place::Entry(i), at_point: true, step: 0.0 });
        }
        let again = widen(&f(x));
        if again.len() != values.len() {
            return Err(Reason::LengthChanges);
        }
        if again != values {
            return Err(Reason::NotDeterministic);
        }
        let noise = measure(f, x, &values, settings.noise_samples, settings);
        Ok(Origin { x, values, noise, evaluations: 2 + 7 * settings.noise_samples })
    }
}

impl<T: Scalar> Origin<'_, T> {
    /// Whether `f` gives other values at the same point by now: then the rows of a line were no values of one function.
    pub(crate) fn has_drifted(&self, f: &dyn Fn(&[T]) -> Vec<T>) -> bool {
        widen(&f(self.x)) != self.values
    }
}

/// The noise of every entry of `f(x)`, at least ε·|f|.
pub(crate) fn measure<T: Scalar>(
    f: &dyn Fn(&[T]) -> Vec<T>,
    x: &[T],
    values: &[f64],
    samples: usize,
    settings: &Settings,
) -> Vec<f64> {
    let epsilon = settings.epsilon::<T>();
    let mut random = Random::new(settings.seed ^ 0x006e_6f69_7365);
    let mut noise: Vec<f64> = values.iter().map(|y| epsilon * y.abs()).collect();
    // Powers of two, so that the points are as exact as they can be.
    let wide = 16.0 * 2f64.powi((0.6 * epsilon.log2()).round() as i32);
    for _ in 0..samples {
        let towards: Vec<f64> = x.iter().map(|_| random.sign()).collect();
        let at = |relative: f64| {
            let moved = |(x, sign): (&T, &f64)| T::narrow(x.widen() * (1.0 + sign * relative));
            let moved: Vec<T> = x.iter().zip(&towards).map(moved).collect();
            widen(&f(&moved))
        };
        let neighbour = at(2f64.powi(epsilon.log2().ceil() as i32));
        let rows = [wide, wide / 8.0].map(|spacing| [at(-spacing), at(spacing), at(2.0 * spacing)]);
        let mut all = rows.iter().flatten().chain([&neighbour]);
        if all.any(|y| y.len() != values.len()) {
            continue;
        }
        for (i, noise) in noise.iter_mut().enumerate() {
            let moved = (neighbour[i] - values[i]).abs();
            // The weights −1, 3, −3, 1 magnify independent errors by √20.
            let third = |row: &[Vec<f64>; 3]| {
                let difference = (row[2][i] - row[0][i]) - 3.0 * (row[1][i] - values[i]);
                difference.abs() / 20f64.sqrt()
            };
            // Rounding is the same at both spacings; what is larger at the wider one is the function itself.
            let scatter = third(&rows[0]).min(third(&rows[1]));
            for sample in [moved, scatter] {
                // Points outside the domain say nothing about rounding; the line itself will meet the edge.
                if sample.is_finite() {
                    *noise = noise.max(sample);
                }
            }
        }
    }
    noise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sum_is_noisier_than_its_last_digit() {
        let x: Vec<f64> = (0..200_000).map(|i| (i as f64 * 0.1).sin()).collect();
        let sum = |x: &[f64]| vec![x.iter().map(|x| x * x).sum::<f64>()];
        let origin = Origin::of(&sum, &x, &Settings::default()).unwrap();
        let last_digit = f64::EPSILON * origin.values[0];
        assert!(origin.noise[0] > 10.0 * last_digit && origin.noise[0] < 1e4 * last_digit);
    }

    #[test]
    fn a_smooth_function_is_as_noisy_as_its_conditioning() {
        let f = |x: &[f64]| vec![x[0].exp(), 1e6 * x[0]];
        let origin = Origin::of(&f, &[1.0], &Settings::default()).unwrap();
        assert!(origin.noise[0] < 1e-15 && origin.noise[1] < 1e-9);
    }
}

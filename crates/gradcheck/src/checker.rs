//! The knobs, for those who need them. Most tests call the free functions, which use the defaults.

use crate::differences::{self, Settings};
use crate::judge::Rule;
use crate::random::Random;
use crate::scalar::Scalar;

/// A set of options on which every check is a method.
///
/// # Example
/// ```
/// use quadric_gradcheck::Checker;
/// let f = |x: &[f64]| x.iter().map(|x| x.exp()).sum::<f64>();
/// let grad = |x: &[f64]| x.iter().map(|x| x.exp()).collect();
/// Checker::new().seed(7).tolerance(1e-10).gradient(f, grad, &[0.0, 1.0]).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Checker {
    seed: u64,
    tolerance: Option<f64>,
    safety: f64,
    resolution: f64,
    strict: bool,
    step: f64,
    directions: usize,
    entries: usize,
}

impl Default for Checker {
    fn default() -> Self {
        Checker {
            seed: 0,
            tolerance: None,
            safety: 5.0,
            resolution: 0.05,
            strict: false,
            step: Settings::default().step,
            directions: 2,
            entries: 128,
        }
    }
}

impl Checker {
    /// The defaults.
    pub fn new() -> Self {
        Checker::default()
    }

    /// Seed of the random directions and of the noise samples (default 0). The same seed gives the same verdict.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Relative difference accepted on top of the estimated error (default √ε: 1.5e-8 in f64, 3.5e-4 in f32).
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.tolerance = Some(tolerance);
        self
    }

    /// How many estimated errors a claim may be off (default 5).
    pub fn safety(mut self, safety: f64) -> Self {
        self.safety = safety;
        self
    }

    /// Largest error, relative to the derivative, at which a comparison still tells something (default 0.05).
    /// Beyond it the verdict is `Unchecked`.
    pub fn resolution(mut self, resolution: f64) -> Self {
        self.resolution = resolution;
        self
    }

    /// Measures the resolution of every entry by its own size, not by the largest entry's (default false): an
    /// entry that is lost in the noise of the others then makes the verdict `Unchecked`.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// First step of the differences, relative to max(1, |xᵢ|) (default 11/128).
    pub fn step(mut self, step: f64) -> Self {
        self.step = step;
        self
    }

    /// How many random dense directions are checked beside the entries (default 2).
    pub fn directions(mut self, directions: usize) -> Self {
        self.directions = directions;
        self
    }

    /// Up to how many entries each is checked on its own (default 128). Larger vectors are checked along the random
    /// directions and at a few entries; a failing direction is bisected to find the wrong entry.
    pub fn entries(mut self, entries: usize) -> Self {
        self.entries = entries;
        self
    }

    pub(crate) fn rule<T: Scalar>(&self) -> Rule {
        Rule {
            tolerance: self.tolerance.unwrap_or(T::EPSILON.sqrt()),
            safety: self.safety,
            resolution: self.resolution,
            strict: self.strict,
            smallest: T::min_positive_value().widen(),
        }
    }

    pub(crate) fn settings<T: Scalar>(&self) -> Settings {
        Settings {
            step: self.step,
            target: Some(0.01 * self.rule::<T>().tolerance),
            seed: self.seed,
            ..differences::Settings::default()
        }
    }

    pub(crate) fn random(&self, purpose: u64) -> Random {
        Random::new(self.seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ purpose)
    }

    pub(crate) fn most_directions(&self) -> usize {
        self.directions
    }

    pub(crate) fn most_entries(&self) -> usize {
        self.entries
    }
}

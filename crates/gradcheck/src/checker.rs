//! The options of a check. Most tests call the free functions, which use the defaults.

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
    allow_unresolved: bool,
    precision: Option<f64>,
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
            allow_unresolved: false,
            precision: None,
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
    ///
    /// It has no effect on Taylor remainders, which are judged by their slopes.
    ///
    /// # Panics
    /// Unless 0 < `tolerance` < 1.
    #[track_caller]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        let fraction = tolerance > 0.0 && tolerance < 1.0;
        assert!(fraction, "a tolerance is relative, between 0 and 1: {tolerance} would accept nothing or anything");
        self.tolerance = Some(tolerance);
        self
    }

    /// How many estimated errors a claim may be off (default 5).
    ///
    /// # Panics
    /// Unless `safety` is positive and finite.
    #[track_caller]
    pub fn safety(mut self, safety: f64) -> Self {
        assert!(safety > 0.0 && safety.is_finite(), "safety is a factor, positive and finite, and not {safety}");
        self.safety = safety;
        self
    }

    /// Largest error, relative to the derivative, at which a comparison still tells something (default 0.05).
    /// Beyond it the verdict is `Unchecked`.
    ///
    /// # Panics
    /// Unless 0 < `resolution` < 1.
    #[track_caller]
    pub fn resolution(mut self, resolution: f64) -> Self {
        let fraction = resolution > 0.0 && resolution < 1.0;
        assert!(fraction, "a resolution is a fraction of the derivative, between 0 and 1, and not {resolution}");
        self.resolution = resolution;
        self
    }

    /// Accepts entries that are lost in the rounding of larger ones (default false: they make the verdict
    /// `Unchecked`, since a wrong one would agree as well). [`Passed::unresolved`](crate::Passed::unresolved) lists them.
    pub fn allow_unresolved(mut self, allow: bool) -> Self {
        self.allow_unresolved = allow;
        self
    }

    /// Demands that the sampled entries of a long vector be resolved one by one too, not only together along random
    /// directions (default false). Outweighs [`allow_unresolved`](Checker::allow_unresolved).
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// The relative precision the function is computed with, if that is coarser than its type: 6e-8 for `f32` behind an
    /// `f64` interface, the stopping criterion of an iteration. It takes the place of ε everywhere.
    ///
    /// # Panics
    /// Unless 0 < `precision` < 1.
    ///
    /// # Example
    /// ```
    /// use quadric_gradcheck::Checker;
    /// let f = |x: &[f64]| f64::from((x[0] as f32).sin());
    /// let grad = |x: &[f64]| vec![x[0].cos()];
    /// Checker::new().precision(6e-8).gradient(f, grad, &[0.3]).unwrap();
    /// ```
    #[track_caller]
    pub fn precision(mut self, precision: f64) -> Self {
        let fraction = precision > 0.0 && precision < 1.0;
        assert!(fraction, "a precision is relative, between 0 and 1, and not {precision}");
        self.precision = Some(precision);
        self
    }

    /// First step of the differences, relative to max(1, |xᵢ|) (default 11/128).
    ///
    /// # Panics
    /// Unless `step` is positive and finite.
    #[track_caller]
    pub fn step(mut self, step: f64) -> Self {
        assert!(step > 0.0 && step.is_finite(), "a step is positive and finite, and not {step}");
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
        let epsilon = self.precision.map_or(T::EPSILON, |precision| precision.max(T::EPSILON));
        Rule {
            tolerance: self.tolerance.unwrap_or(epsilon.sqrt()),
            safety: self.safety,
            resolution: self.resolution,
            smallest: T::min_positive_value().widen(),
        }
    }

    pub(crate) fn settings<T: Scalar>(&self) -> Settings {
        Settings {
            step: self.step,
            target: Some(0.01 * self.rule::<T>().tolerance),
            seed: self.seed,
            precision: self.precision,
            ..differences::Settings::default()
        }
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    pub(crate) fn allows_unresolved(&self) -> bool {
        self.allow_unresolved && !self.strict
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

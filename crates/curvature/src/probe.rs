//! Random probes: vectors with mean 0 and covariance the identity, so that `E[vᵀAv] = tr A`. Here they are drawn from a seed; inside a
//! trace, from a key, `quadric-regularization` draws them.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, bail};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The distribution of a probe's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Probe {
    /// ±1 with equal chance: the smallest variance of `vᵀAv` there is for independent entries, `2(‖A‖_F² − Σ A_ii²)`.
    #[default]
    Rademacher,
    /// Normal: `vᵀAv` has variance `2‖A‖_F²`, and its directions are uniform.
    Gaussian,
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Probe::Rademacher => "rademacher",
            Probe::Gaussian => "gaussian",
        })
    }
}

impl FromStr for Probe {
    type Err = Error;

    fn from_str(text: &str) -> Result<Probe, Error> {
        match text {
            "rademacher" => Ok(Probe::Rademacher),
            "gaussian" => Ok(Probe::Gaussian),
            _ => bail!(Argument, "there is no distribution of probes \"{text}\"; there are rademacher, gaussian"),
        }
    }
}

impl Probe {
    /// `count` probes of `dim` entries; the same seed gives the same numbers everywhere (ChaCha8).
    ///
    /// # Example
    /// ```
    /// use quadric_curvature::Probe;
    /// let probes = Probe::Rademacher.draw(100, 3, 42);
    /// assert_eq!(probes, Probe::Rademacher.draw(100, 3, 42));
    /// assert!(probes.iter().flatten().all(|x| x.abs() == 1.0));
    /// ```
    pub fn draw(self, dim: usize, count: usize, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        (0..count).map(|_| self.draw_one(dim, &mut rng)).collect()
    }

    pub(crate) fn draw_one(self, dim: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
        match self {
            Probe::Rademacher => (0..dim).map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 }).collect(),
            Probe::Gaussian => (0..dim).map(|_| StandardNormal.sample(rng)).collect(),
        }
    }
}

//! A rate that falls when nothing improves.

use quadric_autodiff::{Error, ErrorKind};

/// Multiplies the rate by `factor` once a measurement, a loss say, has not improved for more than `patience` observations; PyTorch's
/// `ReduceLROnPlateau`, with its defaults.
///
/// A measurement improves if it is below `(1 − threshold)` times the best so far (of a negative best, below `(1 + threshold)` times it). Observe
/// what should rise as its negative. NaN never improves. It has a memory, and so is no [`Schedule`](super::Schedule): a training loop observes once
/// in an epoch and hands [`rate`](Plateau::rate) to its steps. The [`memory`](Plateau::memory) is saved with the run.
///
/// # Panics
/// If a setting makes no sense: a factor that does not lie between 0 and 1, a rate, threshold or floor that is negative or not finite.
///
/// # Example
/// ```
/// use quadric_nn::Plateau;
/// let mut plateau = Plateau::new(1.0).factor(0.5).patience(1);
/// let rates = [3.0, 2.0, 2.0, 2.0, 2.0, 1.0].map(|loss| plateau.observe(loss));
/// assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]); // the second loss without progress is one too many
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plateau {
    rate: f64,
    factor: f64,
    patience: usize,
    threshold: f64,
    cooldown: usize,
    floor: f64,
    best: f64,
    bad: usize,
    cooling: usize,
}

impl Plateau {
    /// Begins at this rate, with factor 0.1, patience 10, threshold 1e-4, no cooldown and no floor.
    #[track_caller]
    pub fn new(rate: f64) -> Plateau {
        not_negative("rate", rate);
        let (factor, patience, threshold) = (0.1, 10, 1e-4);
        let (cooldown, floor, best) = (0, 0.0, f64::INFINITY);
        Plateau { rate, factor, patience, threshold, cooldown, floor, best, bad: 0, cooling: 0 }
    }

    /// What the rate is multiplied by.
    #[track_caller]
    #[must_use]
    pub fn factor(self, factor: f64) -> Plateau {
        assert!(factor > 0.0 && factor < 1.0, "plateau: factor is {factor}; it must be above 0 and below 1");
        Plateau { factor, ..self }
    }

    /// How many observations without progress are borne.
    #[must_use]
    pub fn patience(self, patience: usize) -> Plateau {
        Plateau { patience, ..self }
    }

    /// By how much of the best a measurement must be below it.
    #[track_caller]
    #[must_use]
    pub fn threshold(self, threshold: f64) -> Plateau {
        not_negative("threshold", threshold);
        Plateau { threshold, ..self }
    }

    /// For how many observations after a fall nothing is counted.
    #[must_use]
    pub fn cooldown(self, cooldown: usize) -> Plateau {
        Plateau { cooldown, ..self }
    }

    /// The rate that it does not fall below.
    #[track_caller]
    #[must_use]
    pub fn floor(self, floor: f64) -> Plateau {
        not_negative("floor", floor);
        Plateau { floor, ..self }
    }

    /// The rate as it is now.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// The best measurement so far; ∞ before the first.
    pub fn best(&self) -> f64 {
        self.best
    }

    /// What it remembers, as numbers to be saved with a run: the rate, the best measurement, the observations without progress since, and those still
    /// not counted.
    ///
    /// # Example
    /// ```
    /// use quadric_nn::{Checkpoint, Plateau};
    /// let mut plateau = Plateau::new(1.0).factor(0.5).patience(1);
    /// plateau.observe(3.0);
    /// plateau.observe(3.0);
    /// let checkpoint = Checkpoint::new().with_numbers("plateau", &plateau.memory());
    ///
    /// let mut resumed = Plateau::new(1.0).factor(0.5).patience(1).with_memory(&checkpoint.numbers("plateau")?)?;
    /// assert_eq!(resumed, plateau);
    /// assert_eq!(resumed.observe(3.0), 0.5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn memory(&self) -> [f64; 4] {
        [self.rate, self.best, self.bad as f64, self.cooling as f64]
    }

    /// With what another one of the same settings remembered.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] for numbers that no [`memory`](Plateau::memory) has.
    pub fn with_memory(self, memory: &[f64]) -> Result<Plateau, Error> {
        let count = |x: f64| x >= 0.0 && x.fract() == 0.0 && x <= usize::MAX as f64;
        match *memory {
            [rate, best, bad, cooling]
                if rate >= 0.0 && rate.is_finite() && !best.is_nan() && count(bad) && count(cooling) =>
            {
                Ok(Plateau { rate, best, bad: bad as usize, cooling: cooling as usize, ..self })
            }
            _ => {
                let what =
                    format!("plateau: {memory:?} is no memory; [rate, best, without progress, not counted] is needed");
                Err(Error::new(ErrorKind::Data, what))
            }
        }
    }

    /// Takes a measurement, and gives the rate from now on.
    pub fn observe(&mut self, measured: f64) -> f64 {
        let bound = if self.best == f64::INFINITY { self.best } else { self.best - self.threshold * self.best.abs() };
        if measured < bound {
            (self.best, self.bad) = (measured, 0);
        } else {
            self.bad += 1;
        }
        if self.cooling > 0 {
            (self.cooling, self.bad) = (self.cooling - 1, 0);
        }
        if self.bad > self.patience {
            self.rate = (self.rate * self.factor).max(self.floor.min(self.rate));
            (self.cooling, self.bad) = (self.cooldown, 0);
        }
        self.rate
    }
}

#[track_caller]
fn not_negative(setting: &str, x: f64) {
    assert!(x >= 0.0 && x.is_finite(), "plateau: {setting} is {x}; it must be finite and not below 0");
}

//! What a claim's page states, and what a run of it finds.

use quadric::nn::data::Split;

use crate::failure::Failure;
use crate::report::{Claim, Grid, Kind, Verdict};

/// A claim of the paper and how it is checked. Everything but `run` is fixed before anything is measured.
pub struct Check {
    /// The number in the list of claims.
    pub number: u32,
    pub kind: Kind,
    /// What is claimed.
    pub claim: &'static str,
    /// What is measured.
    pub measure: fn() -> String,
    /// Which numbers give which verdict; the code of the verdict says the same.
    pub rule: fn() -> String,
    /// Measures and decides.
    pub run: fn(&Context) -> Result<Found, Failure>,
}

impl Check {
    /// Runs the check: the statement, the numbers and the verdict.
    pub fn check(&self, context: &Context) -> Result<Claim, Failure> {
        let Found { numbers, grid, verdict } = (self.run)(context)?;
        Ok(Claim {
            number: self.number,
            kind: self.kind,
            claim: self.claim.into(),
            measure: (self.measure)(),
            rule: (self.rule)(),
            numbers,
            grid,
            verdict,
        })
    }
}

/// What came out.
pub struct Found {
    /// Name and value.
    pub numbers: Vec<(String, String)>,
    /// A range of settings, if a list is not enough.
    pub grid: Option<Grid>,
    pub verdict: Verdict,
}

impl Found {
    /// An identity either holds or it does not.
    pub fn identity(numbers: Vec<(String, String)>, grid: Option<Grid>, holds: bool) -> Found {
        Found { numbers, grid, verdict: if holds { Verdict::Reproduced } else { Verdict::Contradicted } }
    }
}

/// What every claim may look at.
pub struct Context {
    /// The digits.
    pub split: Split,
    /// Seeds of the claims about training: `seed`, `seed + 1`, …
    pub seeds: Vec<u64>,
    /// Passes over the training data in each run.
    pub epochs: usize,
    /// Threads, if the user named a number. Sweeps of many runs use as many threads of one-thread programs.
    pub threads: Option<usize>,
}

#[cfg(test)]
impl Context {
    /// Two seeds, one epoch.
    pub fn for_tests(threads: usize) -> Context {
        let split = quadric::nn::data::digits(quadric::nn::data::DIGITS_SPLIT_SEED);
        Context { split, seeds: vec![0, 1], epochs: 1, threads: Some(threads) }
    }
}

/// A named number.
pub fn pair(name: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

/// Headings or cells.
pub fn strings<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

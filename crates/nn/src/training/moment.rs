//! What hooks are shown.

/// A run after a step or an epoch.
#[derive(Debug)]
#[non_exhaustive]
pub struct Moment<'a, M, S> {
    /// Steps done.
    pub step: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The batch of this epoch that the step used, from 0.
    pub batch: usize,
    /// The rate of that step.
    pub rate: f64,
    /// After a step what was seen in it, `loss`; after an epoch what was measured over it, by part, `train loss`, `test accuracy`.
    pub results: &'a [(String, f64)],
    /// The parameters.
    pub model: &'a M,
    /// The model's state.
    pub state: &'a S,
}

impl<M, S> Moment<'_, M, S> {
    /// The result of that name, if there is one.
    pub fn get(&self, result: &str) -> Option<f64> {
        self.results.iter().find(|(name, _)| name == result).map(|(_, x)| *x)
    }
}

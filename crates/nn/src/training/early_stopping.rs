//! Stopping when nothing improves any more.

use quadric_autodiff::{Error, Tensor, Tree, VarTree};

use super::resume::{Reader, Writer};
use super::watched;
use crate::data::DataError;

/// Stops once a result of an epoch has not improved for more than `patience` epochs, and gives back the model of the best one.
///
/// A result is named by its part and its metric, `test loss`. It improves if it is beyond the best so far by more than `margin`; NaN never does.
///
/// # Example
/// ```
/// use quadric_nn::training::EarlyStopping;
/// let stopping = EarlyStopping::highest("test accuracy").patience(3).margin(0.001);
/// # let _ = stopping;
/// ```
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    result: String,
    higher: bool,
    patience: u64,
    margin: f64,
    restore: bool,
}

impl EarlyStopping {
    /// The lowest is best: a loss. With patience 5, no margin, and the best model restored.
    pub fn lowest(result: &str) -> EarlyStopping {
        EarlyStopping { result: result.to_owned(), higher: false, patience: 5, margin: 0.0, restore: true }
    }

    /// The highest is best: an accuracy.
    pub fn highest(result: &str) -> EarlyStopping {
        EarlyStopping { higher: true, ..EarlyStopping::lowest(result) }
    }

    /// How many epochs without progress are borne.
    #[must_use]
    pub fn patience(self, patience: u64) -> EarlyStopping {
        EarlyStopping { patience, ..self }
    }

    /// By how much a result must be better to count.
    #[must_use]
    pub fn margin(self, margin: f64) -> EarlyStopping {
        EarlyStopping { margin, ..self }
    }

    /// Leaves the model as it is at the end, and remembers none.
    #[must_use]
    pub fn keep_last(self) -> EarlyStopping {
        EarlyStopping { restore: false, ..self }
    }
}

/// The best so far, and its model and state.
pub(super) struct Watch<M: VarTree, S: VarTree> {
    settings: EarlyStopping,
    /// The result and the epoch.
    best: Option<(f64, u64)>,
    bad: u64,
    kept: Option<(M::Host, S::Host)>,
}

impl<M: VarTree, S: VarTree> Watch<M, S> {
    pub(super) fn new(settings: EarlyStopping) -> Watch<M, S> {
        Watch { settings, best: None, bad: 0, kept: None }
    }

    /// Takes the results of an epoch; `model` and `state` are what they were measured of.
    pub(super) fn observe(
        &mut self,
        epoch: u64,
        results: &[(String, f64)],
        model: &M::Host,
        state: &S::Host,
    ) -> Result<(), Error> {
        let x = watched("early stopping", &self.settings.result, results)?;
        let better = match self.best {
            None => !x.is_nan(),
            Some((best, _)) if self.settings.higher => x > best + self.settings.margin,
            Some((best, _)) => x < best - self.settings.margin,
        };
        if better {
            (self.best, self.bad) = (Some((x, epoch)), 0);
            self.kept = self.settings.restore.then(|| (model.clone(), state.clone()));
        } else {
            self.bad += 1;
        }
        Ok(())
    }

    /// Why it is time to stop, if it is.
    pub(super) fn verdict(&self) -> Option<String> {
        (self.bad > self.settings.patience).then(|| {
            let best =
                self.best.map_or("there was none".to_owned(), |(x, epoch)| format!("the best is {x} of epoch {epoch}"));
            format!("{} has not improved for {} epochs; {best}", self.settings.result, self.bad)
        })
    }

    /// The best model and its state, if they are to be restored.
    pub(super) fn kept(&self) -> Option<&(M::Host, S::Host)> {
        self.kept.as_ref()
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.count("stopping_bad", self.bad);
        writer.numbers("stopping_best", &self.best.map_or(vec![], |(x, epoch)| vec![x, epoch as f64]));
        if let Some((model, state)) = &self.kept {
            writer.tree("best_model", model);
            writer.tree("best_state", state);
        }
    }

    pub(super) fn read(&mut self, reader: &Reader<'_>, model: &M::Host, state: &S::Host) -> Result<(), DataError>
    where
        M::Host: Tree<With<Tensor> = M::Host>,
        S::Host: Tree<With<Tensor> = S::Host>,
    {
        self.bad = reader.0.count("stopping_bad")?;
        let best = reader.0.numbers("stopping_best")?;
        self.best = if let [x, epoch] = best[..] { Some((x, epoch as u64)) } else { None };
        self.kept = match self.best.filter(|_| self.settings.restore) {
            Some(_) => Some((reader.tree("best_model", model)?, reader.tree("best_state", state)?)),
            None => None,
        };
        Ok(())
    }
}

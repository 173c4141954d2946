//! The rate of each step.

use quadric_autodiff::Error;

use super::resume::{Reader, Writer};
use super::watched;
use crate::data::DataError;
use crate::schedules::{Plateau, Schedule};

/// A schedule, or a plateau that is shown a result of each epoch.
pub(super) enum Rates {
    Schedule(Box<dyn Schedule>),
    Plateau { fresh: Plateau, now: Plateau, result: String, seen: Vec<f64> },
}

impl Rates {
    pub(super) fn rate(&self, step: u64) -> f64 {
        match self {
            Rates::Schedule(schedule) => schedule.rate(step as usize),
            Rates::Plateau { now, .. } => now.rate(),
        }
    }

    pub(super) fn observe(&mut self, results: &[(String, f64)]) -> Result<(), Error> {
        if let Rates::Plateau { now, result, seen, .. } = self {
            let x = watched("plateau", result, results)?;
            now.observe(x);
            seen.push(x);
        }
        Ok(())
    }

    /// A schedule is a function of the step; a plateau one of what it was shown.
    pub(super) fn write(&self, writer: &mut Writer) {
        if let Rates::Plateau { seen, .. } = self {
            writer.numbers("plateau", seen);
        }
    }

    pub(super) fn read(&mut self, reader: &Reader<'_>) -> Result<(), DataError> {
        if let Rates::Plateau { fresh, now, seen, .. } = self {
            *seen = reader.0.numbers("plateau")?;
            *now = *fresh;
            seen.iter().for_each(|x| {
                now.observe(*x);
            });
        }
        Ok(())
    }
}

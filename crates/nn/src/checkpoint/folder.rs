//! A folder of checkpoints: the last few, and the best.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Checkpoint, FORM, MARK};
use crate::archive::{ArchiveFile, first_few};
use crate::data::{DataError, DataErrorKind};
use crate::files::remove_leftovers_of;

/// The checkpoints of one run: files `step-000000001200.safetensors` in a folder.
///
/// All are kept unless [`keep_last`](Checkpoints::keep_last) says how many. Of a run and its continuation one process writes at a time;
/// any number may read.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    last: Option<usize>,
    best: Option<(String, Better)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Better {
    Lower,
    Higher,
}

/// A checkpoint that was found in a folder.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    /// Its step, by its name.
    pub step: u64,
    /// What is in it.
    pub checkpoint: Checkpoint,
    /// What was wrong with later ones, which were passed over: nothing, unless something else than this crate has written them or the
    /// disk has lost them.
    pub passed_over: Vec<DataError>,
}

/// The checkpoint of the highest step in a folder that can be read; none if there is no checkpoint there.
///
/// Half-written files have other names and are not looked at. A file that is damaged, or none of ours, is passed over; if there are files
/// and all of them are, that is an error, since a run that took it for a new start would write over what may still be saved.
///
/// # Errors
/// [`DataErrorKind::Missing`] and [`DataErrorKind::Io`] if the folder or a file cannot be read; [`DataErrorKind::Malformed`] with what is
/// wrong with each, if there are files and none is a whole checkpoint.
pub fn latest(folder: impl AsRef<Path>) -> Result<Option<Found>, DataError> {
    let folder = folder.as_ref();
    let mut steps = steps(folder)?;
    loop {
        let mut passed_over = Vec::new();
        for &step in steps.iter().rev() {
            match Checkpoint::read(folder.join(file_name(step))) {
                Ok(checkpoint) => return Ok(Some(Found { step, checkpoint, passed_over })),
                // What the system refuses now it may grant the next time: to go on from an earlier step would undo training.
                Err(error) if error.kind() == DataErrorKind::Io => return Err(error),
                Err(error) => passed_over.push(error),
            }
        }
        // A writer may have put a later one in the place of those that were listed.
        let again = self::steps(folder)?;
        if again == steps {
            return if passed_over.is_empty() { Ok(None) } else { Err(none_is_whole(folder, &passed_over)) };
        }
        steps = again;
    }
}

fn none_is_whole(folder: &Path, passed_over: &[DataError]) -> DataError {
    let files = if passed_over.len() == 1 { "1 file is" } else { &format!("{} files are", passed_over.len()) };
    let faults = first_few(passed_over.iter().map(ToString::to_string), passed_over.len(), "; ");
    let fault = format_args!("{files} named as checkpoints are, and none can be read: {faults}");
    DataError::at(folder, DataErrorKind::Malformed, fault)
}

impl Checkpoints {
    /// The checkpoints in a folder, which is made if it is not there. What a former run left half-written is removed, once it is
    /// proven that nobody writes it any more ([`remove_leftovers`](crate::files::remove_leftovers)).
    ///
    /// # Errors
    /// [`DataErrorKind::Io`] for what the operating system refuses.
    pub fn open(folder: impl AsRef<Path>) -> Result<Checkpoints, DataError> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|error| DataError::io(folder, "make", error))?;
        remove_leftovers_of(folder, |name| step_of(name).is_some())?;
        Ok(Checkpoints { folder: folder.to_path_buf(), last: None, best: None })
    }

    /// Keeps the checkpoints of the `n` highest steps; others are removed when the next one is written. A file that is no whole checkpoint
    /// does not count, and is left where it is.
    ///
    /// # Panics
    /// If `n` is 0.
    #[must_use]
    pub fn keep_last(self, n: usize) -> Checkpoints {
        assert!(n > 0, "Checkpoints::keep_last: a run that keeps none cannot go on");
        Checkpoints { last: Some(n), ..self }
    }

    /// Keeps, besides the last ones, the checkpoint in which the number of that name is lowest: a loss. Of equal ones it is the first;
    /// NaN is never the lowest.
    #[must_use]
    pub fn keep_lowest(self, number: &str) -> Checkpoints {
        Checkpoints { best: Some((number.to_owned(), Better::Lower)), ..self }
    }

    /// As [`keep_lowest`](Checkpoints::keep_lowest), the highest: an accuracy.
    #[must_use]
    pub fn keep_highest(self, number: &str) -> Checkpoints {
        Checkpoints { best: Some((number.to_owned(), Better::Higher)), ..self }
    }

    /// Writes the checkpoint of a step, as a whole or not at all, then removes those that are not kept. One of the same step is
    /// replaced; the one just written stays, whatever its step.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the best are kept by a number that this one has not; the errors of
    /// [`Checkpoint::write`]; [`DataErrorKind::Io`] if an old one cannot be removed, and then the new one is written.
    pub fn save(&self, step: u64, checkpoint: &Checkpoint) -> Result<(), DataError> {
        if let Some((number, _)) = &self.best {
            checkpoint.number(number)?;
        }
        checkpoint.write(self.path(step))?;
        let Some(last) = self.last else { return Ok(()) };
        let mut steps = self.steps()?;
        if steps.len() <= last {
            return Ok(());
        }
        steps.retain(|&step| self.open_file(step).is_some());
        let old = &steps[..steps.len().saturating_sub(last)];
        let best = self.best_of(&steps);
        for &old in old.iter().filter(|&&old| old != step && Some(old) != best) {
            let path = self.path(old);
            fs::remove_file(&path).map_err(|error| DataError::io(&path, "remove", error))?;
        }
        Ok(())
    }

    /// The steps of which there is a file, ascending.
    ///
    /// # Errors
    /// [`DataErrorKind::Io`] if the folder cannot be read.
    pub fn steps(&self) -> Result<Vec<u64>, DataError> {
        steps(&self.folder)
    }

    /// The path of the checkpoint of a step.
    pub fn path(&self, step: u64) -> PathBuf {
        self.folder.join(file_name(step))
    }

    /// [`latest`] of this folder.
    ///
    /// # Errors
    /// Those of [`latest`].
    pub fn latest(&self) -> Result<Option<Found>, DataError> {
        latest(&self.folder)
    }

    /// The best checkpoint by the number that [`keep_lowest`](Checkpoints::keep_lowest) or
    /// [`keep_highest`](Checkpoints::keep_highest) named; none if no checkpoint has it.
    ///
    /// # Errors
    /// [`DataErrorKind::Refused`] if neither was said, and what reading meets.
    pub fn best(&self) -> Result<Option<Found>, DataError> {
        if self.best.is_none() {
            let fault = "no number says which checkpoint is the best; see keep_lowest and keep_highest";
            return Err(DataError::at(&self.folder, DataErrorKind::Refused, fault));
        }
        let Some(step) = self.best_of(&self.steps()?) else { return Ok(None) };
        let checkpoint = Checkpoint::read(self.path(step))?;
        Ok(Some(Found { step, checkpoint, passed_over: Vec::new() }))
    }

    /// The step in which the number is best, by the headers and that number alone.
    fn best_of(&self, steps: &[u64]) -> Option<u64> {
        let (name, better) = self.best.as_ref()?;
        let mut best: Option<(f64, u64)> = None;
        for &step in steps {
            let Some(number) = self.number_of(step, name) else { continue };
            let number = if *better == Better::Higher { -number } else { number };
            if !number.is_nan() && best.is_none_or(|(lowest, _)| number < lowest) {
                best = Some((number, step));
            }
        }
        best.map(|(_, step)| step)
    }

    /// The file of a step, if its header is that of a checkpoint, and the file as long as it says.
    fn open_file(&self, step: u64) -> Option<ArchiveFile> {
        let file = ArchiveFile::open(self.path(step)).ok()?;
        file.metadata().get(MARK).is_some_and(|form| form == FORM).then_some(file)
    }

    fn number_of(&self, step: u64, name: &str) -> Option<f64> {
        let entry = self.open_file(step)?.entry(name).ok().filter(|entry| entry.shape().is_empty())?;
        entry.f64()?.first().copied()
    }
}

fn steps(folder: &Path) -> Result<Vec<u64>, DataError> {
    let read = |error| DataError::io(folder, "read", error);
    let mut steps = Vec::new();
    for entry in fs::read_dir(folder).map_err(read)? {
        steps.extend(entry.map_err(read)?.file_name().to_str().and_then(step_of));
    }
    steps.sort_unstable();
    Ok(steps)
}

fn file_name(step: u64) -> String {
    format!("step-{step:012}.safetensors")
}

/// The step, if this is the name of a checkpoint's file.
fn step_of(name: &str) -> Option<u64> {
    let step = name.strip_prefix("step-")?.strip_suffix(".safetensors")?.parse().ok()?;
    (file_name(step) == name).then_some(step)
}

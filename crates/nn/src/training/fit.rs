//! The loop.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use quadric_autodiff::trace::{Var, random};
use quadric_autodiff::{Error, ErrorKind, Tensor, Tree, VarTree};

use super::early_stopping::Watch;
use super::progress::Place;
use super::rates::Rates;
use super::resume::{Reader, Writer};
use super::{
    Averaging, EarlyStopping, Ended, Interrupt, Moment, Progress, Record, Report, Row, Source, Step, TrainState,
};
use crate::checkpoint::{Checkpoint, Checkpoints};
use crate::data::{Batch, DataError, DataErrorKind, Position};
use crate::files::remove_leftovers;
use crate::layers::Layer;
use crate::metrics::Metrics;
use crate::schedules::{Plateau, Schedule};

/// When checkpoints are written, besides at the end and on an interruption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Every {
    /// After this many steps.
    Steps(u64),
    /// At the end of each epoch.
    Epoch,
}

type Hook<M, S> = Box<dyn FnMut(&Moment<'_, <M as VarTree>::Host, <S as VarTree>::Host>) -> ControlFlow<String>>;

/// A [`Step`] run over epochs: a schedule, evaluation, hooks, early stopping, checkpoints, Ctrl-C, progress and a record.
///
/// A run is a function of its model, step, schedule, seed and data. Stopped at any moment, by a signal or by a crash, and [resumed](Training::resume)
/// from its last checkpoint, it ends in the bits of one that was left alone: model, state, optimizer, averages, early stopping, record.
///
/// # Example
/// ```
/// use quadric_autodiff::DType;
/// use quadric_nn::data::{DIGITS_SPLIT_SEED, Loader, digits};
/// use quadric_nn::{Activate, Activation, AdamW, Dense, OneCycle, Outcome, Step, Training, cross_entropy, generator};
/// use quadric_nn::{metrics::accuracy, training::EarlyStopping};
///
/// let digits = digits(DIGITS_SPLIT_SEED);
/// let loader = |set: &quadric_nn::data::Dataset| Loader::new(set.flattened().to_dtype(DType::F32), 64);
/// let (train, test) = (loader(&digits.train)?.shuffled(1), loader(&digits.test)?);
/// let rng = &mut generator(1);
/// let net = (Dense::new(64, 32, DType::F32, rng), Activate::new(Activation::Gelu), Dense::new(32, 10, DType::F32, rng));
/// let step = Step::of_layer(AdamW::new(), |z, batch| {
///     Outcome::new(cross_entropy(z, batch.target())).metric("accuracy", accuracy(z, batch.target()))
/// });
/// let schedule = OneCycle::new(0.01, 4 * train.batches_per_epoch());
/// let mut training = Training::of_layer(net, step, schedule)?
///     .evaluate("test", test)
///     .early_stopping(EarlyStopping::highest("test accuracy").patience(2));
/// training.fit(&train, 4)?;
/// assert!(training.record().last("test accuracy").unwrap() > 0.9);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub struct Training<M: VarTree, S: VarTree, B: VarTree = Batch<Var>> {
    step: Step<M, S, B>,
    run: TrainState<M, S>,
    rates: Rates,
    seed: u64,
    position: Position,
    done: u64,
    record: Record,
    record_every: u64,
    record_path: Option<PathBuf>,
    evaluations: Vec<(String, Box<dyn Source<B>>)>,
    watch: Option<Watch<M, S>>,
    on_step: Vec<Hook<M, S>>,
    on_epoch: Vec<Hook<M, S>>,
    checkpoints: Option<(Checkpoints, Every)>,
    interrupt: Option<Interrupt>,
    progress: Option<Progress>,
    /// The metrics of this epoch so far.
    totals: Option<Metrics>,
    /// A checkpoint whose totals of the epoch are read as soon as a step says which metrics there are.
    pending: Option<Checkpoint>,
    /// The results of the epoch that has just ended.
    results: Vec<(String, f64)>,
    /// The names of what a step reports.
    names: Vec<String>,
    saved: Option<u64>,
}

impl<M: Layer> Training<M, M::State> {
    /// Of a layer, with the state that it begins with.
    ///
    /// # Errors
    /// Those of [`Step::start`].
    #[track_caller]
    pub fn of_layer<H: Tree<Leaf = Tensor, With<Var> = M>>(
        model: H,
        step: Step<M, M::State>,
        schedule: impl Schedule + 'static,
    ) -> Result<Training<M, M::State>, Error>
    where
        M: VarTree<Host = H>,
    {
        let run = step.start_layer(model)?;
        Ok(Training::from_run(run, step, schedule))
    }
}

impl<M: VarTree, S: VarTree, B: VarTree> Training<M, S, B>
where
    M::Host: Tree<With<Tensor> = M::Host>,
    S::Host: Tree<With<Tensor> = S::Host>,
{
    /// Of a model and its state, by this step, at the rates of this schedule.
    ///
    /// # Errors
    /// Those of [`Step::start`].
    #[track_caller]
    pub fn new<H, T>(
        model: H,
        state: T,
        step: Step<M, S, B>,
        schedule: impl Schedule + 'static,
    ) -> Result<Training<M, S, B>, Error>
    where
        H: Tree<Leaf = Tensor, With<Var> = M>,
        T: Tree<Leaf = Tensor, With<Var> = S>,
        M: VarTree<Host = H>,
        S: VarTree<Host = T>,
    {
        let run = step.start(model, state)?;
        Ok(Training::from_run(run, step, schedule))
    }
}

impl<M: VarTree, S: VarTree, B: VarTree> Training<M, S, B> {
    fn from_run(run: TrainState<M, S>, step: Step<M, S, B>, schedule: impl Schedule + 'static) -> Training<M, S, B> {
        Training {
            step,
            run,
            rates: Rates::Schedule(Box::new(schedule)),
            seed: 0,
            position: Position::default(),
            done: 0,
            record: Record::new(),
            record_every: 1,
            record_path: None,
            evaluations: vec![],
            watch: None,
            on_step: vec![],
            on_epoch: vec![],
            checkpoints: None,
            interrupt: None,
            progress: None,
            totals: None,
            pending: None,
            results: vec![],
            names: vec![],
            saved: None,
        }
    }

    /// The seed of all that is drawn in steps (dropout, noise, probes), 0 unless said. The order of the data has the seed of its loader.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Training { seed, ..self }
    }

    /// Rates by a [`Plateau`] that is shown a result of each epoch, `test loss`, in place of the schedule.
    #[must_use]
    pub fn plateau(self, plateau: Plateau, result: &str) -> Self {
        let rates = Rates::Plateau { fresh: plateau, now: plateau, result: result.to_owned(), seen: vec![] };
        Training { rates, ..self }
    }

    /// Measures the model on these batches at the end of each epoch: its results are `NAME loss`, …. Of a step that averages parameters, the mean is
    /// what is measured.
    #[must_use]
    pub fn evaluate(mut self, name: &str, data: impl Source<B> + 'static) -> Self {
        self.evaluations.push((name.to_owned(), Box::new(data)));
        self
    }

    /// Stops when nothing improves any more.
    #[must_use]
    pub fn early_stopping(self, settings: EarlyStopping) -> Self {
        Training { watch: Some(Watch::new(settings)), ..self }
    }

    /// Calls this after each step; `Break` with a reason stops the run.
    #[must_use]
    pub fn on_step(mut self, hook: impl FnMut(&Moment<'_, M::Host, S::Host>) -> ControlFlow<String> + 'static) -> Self {
        self.on_step.push(Box::new(hook));
        self
    }

    /// Calls this after each epoch and its evaluation; `Break` with a reason stops the run.
    #[must_use]
    pub fn on_epoch(
        mut self,
        hook: impl FnMut(&Moment<'_, M::Host, S::Host>) -> ControlFlow<String> + 'static,
    ) -> Self {
        self.on_epoch.push(Box::new(hook));
        self
    }

    /// Writes checkpoints into a folder: at these times, at the end, when interrupted, and when the run diverges (of the last step that was sound).
    ///
    /// Each has a number for every result of the epoch that it ends (NaN within an epoch), by which [`Checkpoints::keep_lowest`] may choose: `test loss`. A point in
    /// a name is a blank there.
    ///
    /// # Panics
    /// If it is to be every 0 steps.
    #[must_use]
    pub fn checkpoints(self, checkpoints: Checkpoints, every: Every) -> Self {
        assert!(every != Every::Steps(0), "Training::checkpoints: every 0 steps");
        Training { checkpoints: Some((checkpoints, every)), ..self }
    }

    /// Stops after the step that it is in when this is set, with a checkpoint; [`Interrupt::ctrl_c`] is set by Ctrl-C.
    #[must_use]
    pub fn interrupt(self, interrupt: Interrupt) -> Self {
        Training { interrupt: Some(interrupt), ..self }
    }

    /// Tells how far it is.
    #[must_use]
    pub fn progress(self, progress: Progress) -> Self {
        Training { progress: Some(progress), ..self }
    }

    /// Records one step in so many, 0 for none; every step unless said. Epochs are always recorded. The record is part of every checkpoint.
    #[must_use]
    pub fn record_every(self, steps: u64) -> Self {
        Training { record_every: steps, ..self }
    }

    /// Writes the record to a file, `.csv` or `.jsonl`, at the end of each epoch and of the run.
    #[must_use]
    pub fn record_to(self, path: impl AsRef<Path>) -> Self {
        Training { record_path: Some(path.as_ref().to_path_buf()), ..self }
    }

    /// The parameters as they are now.
    pub fn model(&self) -> &M::Host {
        &self.run.model
    }

    /// The model's state as it is now.
    pub fn state(&self) -> &S::Host {
        &self.run.state
    }

    /// All that steps change.
    pub fn run(&self) -> &TrainState<M, S> {
        &self.run
    }

    /// What was measured so far.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.done
    }

    /// The place of the next batch.
    pub fn position(&self) -> Position {
        self.position
    }
}

impl<M: VarTree, S: VarTree, B: VarTree> Training<M, S, B>
where
    M::Host: Tree<With<Tensor> = M::Host>,
    S::Host: Tree<With<Tensor> = S::Host>,
{
    /// The model with the mean of its parameters, if the step takes one; otherwise as it is.
    pub fn averaged_model(&self) -> M::Host {
        self.run.averaged()
    }

    /// Trains until so many epochs are done, counted from the beginning of the run: one that was resumed does what is left.
    ///
    /// # Errors
    /// Mistakes found while tracing, with the line; what the data say; [`ErrorKind::Data`] with the step and what it was (the loss, a norm, a parameter by its name)
    /// if a number is no longer finite, and then the model is the last finite one, and in a checkpoint if these are written.
    #[track_caller]
    pub fn fit(&mut self, data: &impl Source<B>, epochs: u64) -> Result<Ended, Error> {
        if let Some(progress) = &mut self.progress {
            progress.begin(self.done);
        }
        if let Some(path) = &self.record_path {
            remove_leftovers(path)?;
        }
        let ended = self.epochs(data, epochs)?;
        self.save()?;
        self.write_record()?;
        if matches!(ended, Ended::Early(_))
            && let Some((model, state)) = self.watch.as_ref().and_then(Watch::kept)
        {
            (self.run.model, self.run.state) = (model.clone(), state.clone());
            // The mean is no longer that of this model.
            self.run.average =
                self.run.average.take().map(|average| average.map_leaves(|leaf| Tensor::zeros(leaf.ty().clone())));
        }
        if let Some(progress) = &mut self.progress {
            progress.line(&format!("{} steps: {ended}", self.done));
        }
        Ok(ended)
    }

    #[track_caller]
    fn epochs(&mut self, data: &impl Source<B>, epochs: u64) -> Result<Ended, Error> {
        loop {
            if let Some(why) = self.watch.as_ref().and_then(Watch::verdict) {
                return Ok(Ended::Early(why));
            }
            if self.position.epoch >= epochs {
                return Ok(Ended::Epochs);
            }
            let mut batches = data.rest(self.position).peekable();
            if batches.peek().is_none() {
                let what = format!("training: epoch {} has no batch {}", self.position.epoch, self.position.batch);
                return Err(Error::new(ErrorKind::Data, what));
            }
            while let Some(batch) = batches.next() {
                if self.interrupt.as_ref().is_some_and(Interrupt::is_set) {
                    return Ok(Ended::Interrupted);
                }
                let last = batches.peek().is_none();
                let mut flow = self.one_step(batch?, last, data.batches_per_epoch(), epochs)?;
                if last {
                    flow = flow.and_also(self.end_of_epoch()?);
                }
                let due = match &self.checkpoints {
                    Some((_, Every::Steps(n))) => self.done.is_multiple_of(*n),
                    Some((_, Every::Epoch)) => last,
                    None => false,
                };
                if due {
                    self.save()?;
                }
                if let ControlFlow::Break(why) = flow {
                    return Ok(Ended::Hook(why));
                }
            }
        }
    }

    #[track_caller]
    fn one_step(
        &mut self,
        batch: B::Host,
        last: bool,
        batches: Option<usize>,
        epochs: u64,
    ) -> Result<ControlFlow<String>, Error> {
        let Position { epoch, batch: at } = self.position;
        let rate = self.rates.rate(self.done);
        let counts = matches!(self.step.averaging_of(), Some(Averaging::Epochs { from }) if last && epoch >= from);
        let key = random::key(self.seed, self.done);
        let (next, report) = self.step.call_with(&self.run, batch, rate, key, counts)?;
        if !report.is_finite() {
            return Err(self.diverged(&next, &report, rate));
        }
        self.gather(&report)?;
        self.run = next;
        self.done += 1;
        self.position = self.position.next();

        let recorded = self.record_every > 0 && self.done.is_multiple_of(self.record_every);
        if self.names.is_empty() || recorded || !self.on_step.is_empty() || self.progress.is_some() {
            let results = report.metrics().results();
            if self.names.is_empty() {
                self.names = results.iter().map(|(name, _)| name.clone()).collect();
            }
            if let Some(progress) = &mut self.progress {
                let place = Place { step: self.done, epoch, epochs, batch: at + 1, batches };
                progress.step(place, results[0].1);
            }
            let flow = self.call_hooks(true, (epoch, at), rate, &results);
            if recorded {
                let mut results = results;
                results.push(("rate".to_owned(), rate));
                self.record.push(Row { step: self.done, epoch, part: "step".to_owned(), results });
            }
            return Ok(flow);
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Puts the metrics of a step to those of the epoch.
    fn gather(&mut self, report: &Report) -> Result<(), Error> {
        if let Some(checkpoint) = self.pending.take() {
            self.totals = Some(Reader(&checkpoint).tree("totals", report.metrics())?);
        }
        match &mut self.totals {
            Some(totals) => totals.absorb(report.metrics()),
            None => {
                self.totals = Some(report.metrics().clone());
                Ok(())
            }
        }
    }

    #[track_caller]
    fn end_of_epoch(&mut self) -> Result<ControlFlow<String>, Error> {
        let Position { epoch, batch } = self.position;
        let mut parts = vec![("train".to_owned(), self.totals.take().unwrap_or_default().results())];
        let measured = self.run.averaged();
        for (name, data) in &self.evaluations {
            let mut totals: Option<Metrics> = None;
            for batch in data.rest(Position { epoch: 0, batch: 0 }) {
                let metrics = self.step.evaluate(&measured, &self.run.state, batch?)?;
                match &mut totals {
                    None => totals = Some(metrics),
                    Some(totals) => totals.absorb(&metrics)?,
                }
            }
            parts.push((name.clone(), totals.unwrap_or_default().results()));
        }
        self.results = parts
            .iter()
            .flat_map(|(part, results)| results.iter().map(move |(name, x)| (format!("{part} {name}"), *x)))
            .collect();
        for (part, results) in parts {
            self.record.push(Row { step: self.done, epoch, part, results });
        }
        if let Some(watch) = &mut self.watch {
            watch.observe(epoch, &self.results, &measured, &self.run.state)?;
        }
        let rate = self.rates.rate(self.done.saturating_sub(1));
        self.rates.observe(&self.results)?;
        if let Some(progress) = &mut self.progress {
            let words: Vec<String> = self.results.iter().map(|(name, x)| format!("{name} {x:.4}")).collect();
            progress.line(&format!("epoch {}: {}", epoch + 1, words.join("  ")));
        }
        self.write_record()?;
        self.position = Position { epoch: epoch + 1, batch: 0 };
        let results = self.results.clone();
        Ok(self.call_hooks(false, (epoch, batch.saturating_sub(1)), rate, &results))
    }

    /// All hooks are called; the first reason to stop is the one told.
    fn call_hooks(
        &mut self,
        step: bool,
        (epoch, batch): (u64, usize),
        rate: f64,
        results: &[(String, f64)],
    ) -> ControlFlow<String> {
        let TrainState { model, state, .. } = &self.run;
        let moment = Moment { step: self.done, epoch, batch, rate, results, model, state };
        let hooks = if step { &mut self.on_step } else { &mut self.on_epoch };
        let mut flow = ControlFlow::Continue(());
        for hook in hooks {
            flow = flow.and_also(hook(&moment));
        }
        flow
    }

    /// Which number was not finite first, with the last finite run kept.
    fn diverged(&mut self, next: &TrainState<M, S>, report: &Report, rate: f64) -> Error {
        let what = first_not_finite(next, report);
        let Position { epoch, batch } = self.position;
        let mut what = format!(
            "training: diverged in step {} (epoch {epoch}, batch {batch}, rate {rate:?}): {what}; the model is left as it was before that step",
            self.done + 1
        );
        let kept = self.save().and_then(|()| self.write_record());
        if let Err(error) = kept {
            what += &format!(", and could not be saved: {error}");
        }
        Error::new(ErrorKind::Data, what)
    }

    /// The run as it is now, in a checkpoint.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut writer = Writer::new();
        writer.tree("model", &self.run.model);
        writer.tree("state", &self.run.state);
        writer.tree("optimizer", &self.run.optimizer);
        if let Some(average) = &self.run.average {
            writer.tree("average", average);
        }
        writer.count("step", self.done);
        writer.count("epoch", self.position.epoch);
        writer.count("batch", self.position.batch as u64);
        writer.count("seed", self.seed);
        self.rates.write(&mut writer);
        self.record.save(&mut writer);
        if let Some(totals) = &self.totals {
            writer.tree("totals", totals);
        }
        if let Some(watch) = &self.watch {
            watch.write(&mut writer);
        }
        let ended = self.position.batch == 0;
        let parts = std::iter::once("train").chain(self.evaluations.iter().map(|(name, _)| name.as_str()));
        for (i, part) in parts.enumerate() {
            for name in self.names.iter().filter(|name| i == 0 || !["objective", "gradient norm"].contains(&&***name)) {
                let result = format!("{part} {name}");
                let x = self.results.iter().find(|(known, _)| ended && *known == result).map_or(f64::NAN, |(_, x)| *x);
                writer.number(&result.replace('.', " "), x);
            }
        }
        writer.finish()
    }

    /// Writes a checkpoint into the folder, if there is one and anything has changed.
    fn save(&mut self) -> Result<(), Error> {
        let Some((checkpoints, _)) = &self.checkpoints else { return Ok(()) };
        if self.saved != Some(self.done) && self.done > 0 {
            checkpoints.save(self.done, &self.checkpoint())?;
            self.saved = Some(self.done);
        }
        Ok(())
    }

    fn write_record(&self) -> Result<(), Error> {
        if let Some(path) = &self.record_path {
            self.record.write(path)?;
        }
        Ok(())
    }

    /// Goes on from the latest checkpoint in the folder, if there is one: whether there was.
    ///
    /// # Errors
    /// Those of [`restore`](Training::restore), and [`DataErrorKind::Argument`] without a folder of [`checkpoints`](Training::checkpoints).
    pub fn resume(&mut self) -> Result<bool, DataError> {
        let Some((checkpoints, _)) = &self.checkpoints else {
            let what = "training: to resume a run it needs a folder of checkpoints";
            return Err(DataError::new(DataErrorKind::Argument, what));
        };
        let Some(found) = checkpoints.latest()? else { return Ok(false) };
        self.restore(&found.checkpoint)?;
        self.saved = Some(self.done);
        Ok(true)
    }

    /// Goes on from a [`checkpoint`](Training::checkpoint) of a run that was made in the same way.
    ///
    /// # Errors
    /// [`DataErrorKind::Mismatch`] if the checkpoint is of another model, optimizer or seed.
    pub fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), DataError> {
        let reader = Reader(checkpoint);
        let seed = checkpoint.count("seed")?;
        if seed != self.seed {
            let what = format!("training: the checkpoint is of a run with seed {seed}, this one has {}", self.seed);
            return Err(DataError::new(DataErrorKind::Mismatch, what));
        }
        let model = reader.tree("model", &self.run.model)?;
        let state = reader.tree("state", &self.run.state)?;
        let optimizer = reader.tree("optimizer", &self.run.optimizer)?;
        let average = self.run.average.as_ref().map(|average| reader.tree("average", average)).transpose()?;
        if let Some(watch) = &mut self.watch {
            watch.read(&reader, &model, &state)?;
        }
        self.rates.read(&reader)?;
        self.record = Record::load(&reader)?;
        self.run = TrainState { model, state, optimizer, average };
        self.done = checkpoint.count("step")?;
        self.position = Position { epoch: checkpoint.count("epoch")?, batch: checkpoint.count("batch")? as usize };
        self.totals = None;
        self.pending = (self.position.batch > 0).then(|| checkpoint.clone());
        Ok(())
    }
}

/// Both, and the first reason.
trait AndAlso {
    fn and_also(self, other: Self) -> Self;
}

impl AndAlso for ControlFlow<String> {
    fn and_also(self, other: Self) -> Self {
        if self.is_break() { self } else { other }
    }
}

/// What was not finite first: in the order in which a step computes it.
fn first_not_finite<M: VarTree, S: VarTree>(next: &TrainState<M, S>, report: &Report) -> String {
    let results = report.metrics().results();
    let seen = results.iter().filter(|(name, _)| ["loss", "objective", "gradient norm"].contains(&&**name));
    if let Some((name, x)) = seen.into_iter().find(|(_, x)| !x.is_finite()) {
        return format!("the {name} is {x}");
    }
    let model = next.model.leaf_names().into_iter().zip(next.model.leaves()).map(|leaf| ("parameter", leaf));
    let state = next.state.leaf_names().into_iter().zip(next.state.leaves()).map(|leaf| ("state", leaf));
    for (kind, (name, leaf)) in model.chain(state) {
        let values = leaf.to_f64_vec();
        let broken = values.iter().filter(|x| !x.is_finite()).count();
        if let Some(x) = values.iter().find(|x| !x.is_finite()) {
            return format!("the {kind} {name:?} is {x} in {broken} of {} entries", values.len());
        }
    }
    "a micro-batch had a loss that is not finite".to_owned()
}

//! Training: one compiled step, replayed.

use std::path::Path;

use quadric::autodiff::trace::{Compiled, Var, compile};
use quadric::autodiff::{DType, Tensor, Tree};
use quadric::nn::data::{self, Dataset, Split};
use quadric::nn::{Cosine, Mlp, Optimizer, Schedule, Sgd, State, accuracy};
use quadric::regularization::{Classification, Loss};

use crate::args::Train;
use crate::failure::Failure;

/// The data that `--data` names.
pub fn load(name: &str) -> Result<Split, Failure> {
    match name.split_once(':') {
        None if name == "digits" => Ok(data::digits(data::DIGITS_SPLIT_SEED)),
        Some(("mnist1d", path)) => data::mnist1d(Path::new(path)).map_err(Failure::input),
        Some(("idx", path)) => data::idx(Path::new(path)).map_err(Failure::input),
        _ => Err(Failure::input(format!("--data {name}: digits, mnist1d:FOLDER or idx:FOLDER is needed"))),
    }
}

/// A data set as a pair of tensors: inputs `[n, features]` of `dtype`, labels `i32[n]`.
pub fn tensors(set: &Dataset, dtype: DType) -> Result<(Tensor, Tensor), Failure> {
    Ok(set.flattened().to_dtype(dtype).all().pair()?)
}

type StepInput = (Mlp<Var>, State<Mlp<Var>>, (Var, Var), (Var, Var, Var, Var));
type StepOutput = (Var, Mlp<Var>, State<Mlp<Var>>);
type Step = Compiled<StepInput, StepOutput, Box<dyn Fn(StepInput) -> StepOutput>>;

/// A network under training.
pub struct Training {
    settings: Train,
    train: Dataset,
    step: Step,
    state: State<Mlp>,
    schedule: Cosine,
    steps_per_epoch: usize,
    order: Vec<Vec<usize>>,
    key: u32,
    /// The network.
    pub model: Mlp,
    /// Steps done.
    pub done: usize,
}

/// Why a run was given up.
#[derive(Clone, Debug)]
pub struct Diverged {
    /// After how many steps.
    pub step: usize,
    /// What was seen.
    pub why: String,
}

impl Training {
    /// A fresh network.
    pub fn new(settings: &Train, train: &Dataset, threads: Option<usize>) -> Training {
        let mut sizes = vec![train.features()];
        sizes.extend(&settings.hidden);
        sizes.push(train.classes().expect("every --data has classes"));
        let model = Mlp::new(&sizes, settings.activation, settings.dtype, settings.common.seed);
        let optimizer = Sgd::new().nesterov(settings.momentum);
        let state = optimizer.init(&model);
        let method = settings.regularizer;
        let step = move |(model, state, (x, y), (rate, strength, decay, key)): StepInput| {
            let problem = Classification::new(x, y).with_decay(decay);
            let update = method.update(&problem, &model, strength, key);
            let (model, state) = optimizer.update(&model, &update.direction, &state, rate);
            (update.loss, model, state)
        };
        let mut step: Step = compile(Box::new(step) as Box<dyn Fn(StepInput) -> StepOutput>);
        if let Some(threads) = threads {
            step = step.with_threads(threads);
        }
        let batch = settings.batch.min(train.len());
        let steps_per_epoch = train.len() / batch;
        let schedule = Cosine { peak: settings.rate, floor: 0.0, steps: settings.epochs * steps_per_epoch };
        let train = train.flattened().to_dtype(settings.dtype);
        let settings = Train { batch, ..settings.clone() };
        let key = settings.common.seed as u32;
        Training { settings, train, step, state, schedule, steps_per_epoch, order: vec![], key, model, done: 0 }
    }

    /// The same run with other noise and probes: drawn from `key` in place of the seed, which weights and batches keep.
    #[must_use]
    pub fn with_key(self, key: u32) -> Training {
        Training { key, ..self }
    }

    /// Steps in the whole run.
    pub fn total(&self) -> usize {
        self.settings.epochs * self.steps_per_epoch
    }

    /// Epochs done.
    pub fn epoch(&self) -> f64 {
        self.done as f64 / self.steps_per_epoch as f64
    }

    /// One step; returns the loss before it, or that the run has diverged.
    pub fn step(&mut self) -> Result<Result<f64, Diverged>, Failure> {
        let (epoch, within) = (self.done / self.steps_per_epoch, self.done % self.steps_per_epoch);
        if within == 0 {
            // A short last batch would be a second program; every step has the same shapes.
            self.order =
                data::full_batches(self.train.len(), self.settings.batch, self.settings.common.seed, epoch as u64);
        }
        let data = self.train.batch(&self.order[within])?.pair()?;
        let scalar = |x: f64| Tensor::scalar(x).to_dtype(self.settings.dtype);
        let key = Tensor::from_vec(&[self.key, self.done as u32]);
        let knobs = (
            scalar(self.schedule.rate(self.done)),
            scalar(self.settings.strength()),
            scalar(self.settings.weight_decay),
            key,
        );
        let (loss, model, state) = self.step.call((self.model.clone(), self.state.clone(), data, knobs))?;
        self.model = model;
        self.state = state;
        self.done += 1;
        let loss = loss.item();
        if !loss.is_finite() {
            return Ok(Err(Diverged { step: self.done, why: format!("the training loss is {loss}") }));
        }
        if let Some(name) = first_broken(&self.model) {
            return Ok(Err(Diverged { step: self.done, why: format!("the parameter {name} is no longer finite") }));
        }
        Ok(Ok(loss))
    }
}

/// The first parameter with a number that is not finite.
pub fn first_broken(model: &Mlp) -> Option<String> {
    let broken = model.leaves().iter().position(|t| t.to_f64_vec().iter().any(|x| !x.is_finite()))?;
    Some(model.leaf_names()[broken].clone())
}

/// A network, inputs and labels.
type Labelled = (Mlp<Var>, Var, Var);
/// From there to loss and accuracy.
type Measured = Compiled<Labelled, (Var, Var), fn(Labelled) -> (Var, Var)>;

/// Loss (without weight decay) and accuracy of a network on a data set, in f64.
pub struct Evaluator {
    call: Measured,
    x: Tensor,
    y: Tensor,
}

impl Evaluator {
    /// For this data set.
    pub fn new(set: &Dataset, threads: Option<usize>) -> Result<Evaluator, Failure> {
        fn both((model, x, y): Labelled) -> (Var, Var) {
            (Classification::new(x, y).loss(&model), accuracy(model.logits(x), y))
        }
        let mut call = compile(both as fn(Labelled) -> (Var, Var));
        if let Some(threads) = threads {
            call = call.with_threads(threads);
        }
        let (x, y) = tensors(set, DType::F64)?;
        Ok(Evaluator { call, x, y })
    }

    /// `(loss, accuracy)`.
    pub fn measure(&mut self, model: &Mlp) -> Result<(f64, f64), Failure> {
        let model = in_f64(model);
        let (loss, share) = self.call.call((model, self.x.clone(), self.y.clone()))?;
        Ok((loss.item(), share.item()))
    }
}

/// The same network in f64.
pub fn in_f64(model: &Mlp) -> Mlp {
    model.map_leaves(|t: &Tensor| t.to_dtype(DType::F64))
}

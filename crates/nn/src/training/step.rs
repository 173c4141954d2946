//! One compiled step.

use std::rc::Rc;
use std::sync::Arc;

use quadric_autodiff::trace::{Compiled, Var, compile, random, scope, select, stop, value_and_grad_aux};
use quadric_autodiff::{DType, Error, ErrorKind, Select, Selection, Tensor, Tree, VarTree};

use super::{Averaging, Outcome, TrainState};
use crate::LIBRARY;
use crate::data::Batch;
use crate::layers::{Layer, Mode};
use crate::losses::Weighted;
use crate::metrics::{Metrics, mean};
use crate::optimizers::{Average, Optimizer, Selector, State, clip_by_norm, clip_by_value};

/// The parameters that are trained, under the names that they have in the model.
pub type Trained = Selection<Var>;
type Memory = (State<Trained>, Option<Average<Trained>>);
/// Rate, key, and the weight with which the new parameters enter a mean over epochs.
type Knobs = (Var, Var, Var);
type StepInput<M, S, B> = (M, S, Memory, B, Knobs);
type StepOutput<M, S> = (M, S, Memory, Vec<Metrics<Var>>, Var);
type StepFunction<M, S, B> = Box<dyn Fn(StepInput<M, S, B>) -> StepOutput<M, S>>;
type Evaluation<M, S, B> = Box<dyn Fn((M, S, B)) -> Metrics<Var>>;
type CompiledStep<M, S, B> = Compiled<StepInput<M, S, B>, StepOutput<M, S>, StepFunction<M, S, B>>;
type CompiledEvaluation<M, S, B> = Compiled<(M, S, B), Metrics<Var>, Evaluation<M, S, B>>;
type Pass<M, S, B> = Rc<dyn Fn(&M, &S, B, Mode) -> Outcome<S>>;
type Direction = Rc<dyn Fn(&dyn Fn(Trained) -> Var, &Trained, Var) -> (Var, Trained)>;

/// One compiled step: loss, direction, update, state, metrics and averages in one program; rate and key are inputs.
///
/// It is made of a *pass*, `|model, state, batch, mode| -> Outcome`, which training runs in [`Mode::Train`] and evaluation in [`Mode::Infer`].
/// [`Training`](super::Training) runs it over epochs; [`call`](Step::call) is one step by hand. Whoever wants another step
/// writes it as a closure, as the example of the crate does: nothing here is out of reach from there.
///
/// The state that comes out is that of the first pass, at the parameters before the step: what a method computes besides (the second pass of SAM, a
/// probe, a line search) leaves it alone. With micro-batches it is handed from one to the next.
///
/// # Example
/// ```
/// use quadric_autodiff::{Tensor, Tree, tensor, trace::Var};
/// use quadric_nn::{Outcome, Sgd, Step, Stateless, data::Batch, mse};
///
/// #[derive(Tree, Clone)]
/// struct Line<T = Tensor> { slope: T }
///
/// let mut step = Step::new(Sgd::new(), |line: &Line<Var>, state: &Stateless<Var>, batch: Batch<Var>, _| {
///     let y = batch.target();
///     Outcome::new(mse(batch.inputs * line.slope, y)).with_state(*state)
/// });
/// let mut run = step.start(Line { slope: tensor![0.0] }, Stateless::default())?;
/// let batch = Batch { targets: Some(tensor![[2.0], [4.0]]), ..Batch::new(tensor![[1.0], [2.0]]) };
/// for t in 0..30 {
///     let (next, report) = step.call(&run, batch.clone(), 0.2, t)?;
///     run = next;
///     assert!(report.is_finite() && report.metrics().get("loss").unwrap() < 6.0);
/// }
/// assert!((run.model.slope.item() - 2.0).abs() < 1e-6);
/// # Ok::<(), quadric_autodiff::Error>(())
/// ```
pub struct Step<M: VarTree, S: VarTree, B: VarTree = Batch<Var>> {
    recipe: Recipe<M, S, B>,
    threads: Option<usize>,
    step: Option<CompiledStep<M, S, B>>,
    evaluation: Option<CompiledEvaluation<M, S, B>>,
}

/// What a step is made of.
struct Recipe<M: VarTree, S: VarTree, B: VarTree> {
    optimizer: Arc<dyn Optimizer + Send + Sync>,
    pass: Pass<M, S, B>,
    direction: Option<Direction>,
    clip_norm: Option<f64>,
    clip_value: Option<f64>,
    parts: usize,
    averaging: Option<Averaging>,
    only: Option<Selector>,
}

impl<M: VarTree, S: VarTree, B: VarTree> Clone for Recipe<M, S, B> {
    fn clone(&self) -> Self {
        Recipe {
            optimizer: self.optimizer.clone(),
            pass: self.pass.clone(),
            direction: self.direction.clone(),
            only: self.only.clone(),
            ..*self
        }
    }
}

impl<M: Layer> Step<M, M::State, Batch<Var>> {
    /// A step for a [`Layer`] that is trained on the inputs of a [`Batch`]: `judge` says of its output what the loss is, and what is measured.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{DType, tensor};
    /// use quadric_nn::{Adam, Activate, Activation, Dense, Outcome, Step, cross_entropy, data::Batch, generator};
    /// let rng = &mut generator(1);
    /// let net = (Dense::new(2, 8, DType::F64, rng), Activate::new(Activation::Gelu), Dense::new(8, 2, DType::F64, rng));
    /// let mut step = Step::of_layer(Adam::new(), |z, batch| Outcome::new(cross_entropy(z, batch.target())));
    /// let mut run = step.start_layer(net)?;
    /// let xor = tensor![[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]];
    /// let batch = Batch { targets: Some(tensor![0, 1, 1, 0]), ..Batch::new(xor) };
    /// for t in 0..200 {
    ///     run = step.call(&run, batch.clone(), 0.05, t)?.0;
    /// }
    /// assert!(step.evaluate(&run.model, &run.state, batch)?.get("loss").unwrap() < 0.1);
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    pub fn of_layer(
        optimizer: impl Optimizer + Send + Sync + 'static,
        judge: impl Fn(Var, &Batch<Var>) -> Outcome + 'static,
    ) -> Step<M, M::State> {
        Step::new(optimizer, move |model: &M, state: &M::State, batch: Batch<Var>, mode| {
            let (output, state) = model.forward(batch.inputs, state, mode);
            judge(output, &batch).with_state(state)
        })
    }

    /// A run that begins at this model, with the state that a layer begins with.
    ///
    /// # Errors
    /// Those of [`start`](Step::start).
    #[track_caller]
    pub fn start_layer<H>(&self, model: H) -> Result<TrainState<M, M::State>, Error>
    where
        H: Tree<Leaf = Tensor, With<Var> = M>,
        M: VarTree<Host = H>,
    {
        let state = LIBRARY.enter(|| compile(|m: M| m.initial_state()).call(model.clone()))?;
        self.start(model, state)
    }
}

impl<M: VarTree, S: VarTree, B: VarTree> Step<M, S, B> {
    /// A step by this optimizer along the gradient of the loss that the pass returns.
    pub fn new(
        optimizer: impl Optimizer + Send + Sync + 'static,
        pass: impl Fn(&M, &S, B, Mode) -> Outcome<S> + 'static,
    ) -> Step<M, S, B> {
        let recipe = Recipe {
            optimizer: Arc::new(optimizer),
            pass: Rc::new(pass),
            direction: None,
            clip_norm: None,
            clip_value: None,
            parts: 1,
            averaging: None,
            only: None,
        };
        Step { recipe, threads: None, step: None, evaluation: None }
    }

    /// Along what `find` finds in place of the gradient: it is given the loss as a function of the trained parameters, these, and a key, and returns
    /// what it minimises and the direction. SAM, penalties, noise: a method of `quadric-regularization` in one line,
    ///
    /// ```text
    /// .direction(|loss, params, _| { let u = Sam { rho: scalar(DType::F64, 0.05) }.update(&loss, params); (u.objective, u.direction) })
    /// ```
    ///
    /// The loss reported stays that of the first pass; what is minimised is reported as `objective`. Numbers in the closure are constants of the step.
    ///
    /// # Example
    /// ```
    /// use quadric_autodiff::{Arithmetic, Tensor, tensor, trace::{Var, value_and_grad}};
    /// use quadric_nn::{Outcome, Sgd, Step, Stateless, Layer};
    /// let pass = |x: &Var, s: &Stateless<Var>, _: Var, _| Outcome::new(*x * *x).with_state(*s);
    /// let mut sharp = Step::new(Sgd::new(), pass).direction(|loss, x, _| value_and_grad(loss, &x.scale(2.0)));
    /// let (run, report) = sharp.call(&sharp.start(tensor![1.0], Stateless::default())?, tensor![0.0], 0.1, 0)?;
    /// assert_eq!(run.model, tensor![1.0 - 0.1 * 4.0]);
    /// assert_eq!((report.metrics().get("loss"), report.metrics().get("objective")), (Some(1.0), Some(4.0)));
    /// # Ok::<(), quadric_autodiff::Error>(())
    /// ```
    #[must_use]
    pub fn direction(
        mut self,
        find: impl Fn(&dyn Fn(Trained) -> Var, &Trained, Var) -> (Var, Trained) + 'static,
    ) -> Self {
        self.recipe.direction = Some(Rc::new(find));
        self.anew()
    }

    /// With directions no longer than this ([`clip_by_norm`]), whose norm before is reported as `gradient norm`.
    #[must_use]
    pub fn clip_norm(mut self, limit: f64) -> Self {
        self.recipe.clip_norm = Some(limit);
        self.anew()
    }

    /// With entries of the direction no larger than this ([`clip_by_value`]), before the norm is looked at.
    #[must_use]
    pub fn clip_value(mut self, limit: f64) -> Self {
        self.recipe.clip_value = Some(limit);
        self.anew()
    }

    /// With each batch cut into so many micro-batches along axis 0, whose directions are averaged by the outcomes' weights: the gradient of the whole
    /// batch, with the memory of a part. They are of equal size but for the last, which may be smaller.
    ///
    /// A norm by batch statistics sees the micro-batches, and its running statistics take so many steps. The parts are written out one after the other, so that
    /// the program and the time to compile it grow with their number.
    ///
    /// # Panics
    /// If `parts` is 0.
    #[must_use]
    pub fn accumulate(mut self, parts: usize) -> Self {
        assert!(parts > 0, "Step::accumulate: a batch in 0 parts");
        self.recipe.parts = parts;
        self.anew()
    }

    /// With a mean of the parameters beside them.
    #[must_use]
    pub fn averaging(mut self, averaging: Averaging) -> Self {
        self.recipe.averaging = Some(averaging);
        self.anew()
    }

    /// Trains the selected parameters only: nothing is computed for the others, and nothing remembered. (Parameters of integers are never trained.)
    #[must_use]
    pub fn only(mut self, selector: impl Into<Selector>) -> Self {
        self.recipe.only = Some(selector.into());
        self.anew()
    }

    /// On this many threads.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self.anew()
    }

    fn anew(self) -> Self {
        Step { step: None, evaluation: None, ..self }
    }

    pub(super) fn averaging_of(&self) -> Option<Averaging> {
        self.recipe.averaging
    }

    /// A run that begins at this model and this state: with an optimizer that remembers nothing yet.
    ///
    /// # Errors
    /// [`ErrorKind::Selection`] if no parameter is trained, and what the optimizer finds wrong with its settings.
    #[track_caller]
    pub fn start(&self, model: M::Host, state: S::Host) -> Result<TrainState<M, S>, Error> {
        LIBRARY.enter(|| {
            let recipe = self.recipe.clone();
            let trained: Selection<Tensor> = compile(move |model: M| recipe.trained(&model)).call(model.clone())?;
            self.recipe.optimizer.check(&trained.leaf_names())?;
            let optimizer = self.recipe.optimizer.init(&trained);
            let average = self.recipe.averaging.map(|_| Average::new(&trained));
            Ok(TrainState { model, state, optimizer, average })
        })
    }

    /// One step from a run, with a rate and a key (see [`random::key`]; the number of the step does): the run after it, and what was seen on the way.
    ///
    /// A mean over epochs is not moved; [`call_at_end`](Step::call_at_end) does.
    ///
    /// # Errors
    /// Mistakes found while tracing, and what only the data can decide.
    #[track_caller]
    pub fn call(
        &mut self,
        run: &TrainState<M, S>,
        batch: B::Host,
        rate: f64,
        key: u64,
    ) -> Result<(TrainState<M, S>, Report), Error> {
        self.call_with(run, batch, rate, random::key(0, key), false)
    }

    /// [`call`](Step::call) for the last step of an epoch, after which the parameters enter the mean over epochs.
    ///
    /// # Errors
    /// As [`call`](Step::call).
    #[track_caller]
    pub fn call_at_end(
        &mut self,
        run: &TrainState<M, S>,
        batch: B::Host,
        rate: f64,
        key: u64,
    ) -> Result<(TrainState<M, S>, Report), Error> {
        self.call_with(run, batch, rate, random::key(0, key), true)
    }

    #[track_caller]
    pub(super) fn call_with(
        &mut self,
        run: &TrainState<M, S>,
        batch: B::Host,
        rate: f64,
        key: Tensor,
        at_end: bool,
    ) -> Result<(TrainState<M, S>, Report), Error> {
        let (recipe, threads) = (&self.recipe, self.threads);
        let step = self.step.get_or_insert_with(|| {
            let recipe = recipe.clone();
            let step = compile(Box::new(move |input| recipe.step(input)) as StepFunction<M, S, B>);
            if let Some(threads) = threads { step.with_threads(threads) } else { step }
        });
        let TrainState { model, state, optimizer, average } = run.clone();
        let knobs = (Tensor::scalar(rate), key, Tensor::scalar(f64::from(at_end)));
        let (model, state, (optimizer, average), metrics, broken) =
            LIBRARY.enter(|| step.call((model, state, (optimizer, average), batch, knobs)))?;
        let mut metrics = metrics.into_iter();
        let mut all = metrics.next().expect("a batch has a part");
        metrics.try_for_each(|part| all.absorb(&part))?;
        let report = Report { metrics: all, broken: broken.item() };
        Ok((TrainState { model, state, optimizer, average }, report))
    }

    /// What the pass says of a batch after training, in [`Mode::Infer`]: `loss` and its metrics.
    ///
    /// # Errors
    /// As [`call`](Step::call).
    #[track_caller]
    pub fn evaluate(&mut self, model: &M::Host, state: &S::Host, batch: B::Host) -> Result<Metrics, Error> {
        let (recipe, threads) = (&self.recipe, self.threads);
        let evaluation = self.evaluation.get_or_insert_with(|| {
            let pass = recipe.pass.clone();
            let evaluation = move |(model, state, batch): (M, S, B)| {
                let outcome = pass(&model, &state, batch, Mode::Infer);
                losses(&outcome).and(outcome.metrics)
            };
            let evaluation = compile(Box::new(evaluation) as Evaluation<M, S, B>);
            if let Some(threads) = threads { evaluation.with_threads(threads) } else { evaluation }
        });
        LIBRARY.enter(|| evaluation.call((model.clone(), state.clone(), batch)))
    }
}

/// What was seen in one step.
#[derive(Clone, Debug)]
pub struct Report {
    metrics: Metrics,
    broken: f64,
}

impl Report {
    /// `loss` (of the parameters before the step), `objective` and `gradient norm` if there are such, and the metrics of the pass.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Whether the loss, what was minimised, the norm, every parameter and every entry of the state after the step are finite. Metrics may be NaN: of nothing
    /// that was counted.
    pub fn is_finite(&self) -> bool {
        self.broken == 0.0
    }
}

/// The loss as a metric: a mean over examples, of a mean over a batch.
#[track_caller]
fn losses<S: Tree<Leaf = Var>>(outcome: &Outcome<S>) -> Metrics<Var> {
    LIBRARY.enter(|| Metrics::new().with("loss", weighted(outcome.loss, outcome.weight)))
}

/// A mean that is known already, with its weight.
#[track_caller]
fn weighted(x: Var, weight: Var) -> crate::metrics::Metric<Var> {
    let weights = weight.convert(DType::F64);
    // A batch of which nothing counts has loss 0, and 0 · 0 is no trouble; a loss that is not finite is told by the step.
    mean(Weighted { values: x.convert(DType::F64) * weights, weights })
}

/// How many entries of these arrays are not finite.
#[track_caller]
fn not_finite<'a>(of: impl IntoIterator<Item = &'a Var>) -> Option<Var> {
    let floats = of.into_iter().filter(|leaf| leaf.dtype().is_float());
    floats
        .map(|leaf| select(leaf.abs().lt(f64::INFINITY), 0.0, leaf.full_like(1.0)).sum().convert(DType::F64))
        .reduce(|a, b| a + b)
}

impl<M: VarTree, S: VarTree, B: VarTree> Recipe<M, S, B> {
    /// The parameters that are trained.
    #[track_caller]
    fn trained(&self, model: &M) -> Trained {
        let chosen = |name: &str| self.only.as_ref().is_none_or(|only| only.selects(name));
        let names = model.leaf_names();
        if !names.iter().zip(model.leaves()).any(|(name, leaf)| chosen(name) && leaf.dtype().is_float()) {
            let of = match &self.only {
                Some(only) => format!("{} selects none", only.words()),
                None => "none is of floats".to_owned(),
            };
            let what = format!("training: no parameter is trained: {of} of {}", names.join(", "));
            stop(Error::new(ErrorKind::Selection, what));
        }
        model.select_where(|name, leaf| chosen(name) && leaf.dtype().is_float())
    }

    fn step(
        &self,
        (model, state, (memory, average), batch, (rate, key, at_end)): StepInput<M, S, B>,
    ) -> StepOutput<M, S> {
        let params = self.trained(&model);
        let keys = random::split(key, 2 * self.parts);
        let (mut state, mut metrics) = (state, Vec::new());
        let mut directions: Option<Average<Trained>> = None;
        let parts = self.cut(&batch);
        let single = parts.len() == 1;
        let mut seen = Vec::new();
        let mut direction = None;
        for (part, keys) in parts.into_iter().zip(keys.chunks(2)) {
            let mode = Mode::Train(Some(keys[0]));
            let pass = |params: Trained| (self.pass)(&model.with_selected(&params), &state, part.clone(), mode);
            let (outcome, objective, found) = match &self.direction {
                None => {
                    let loss = |params: Trained| {
                        let outcome = pass(params);
                        (outcome.loss, outcome)
                    };
                    let ((_, outcome), gradient) = scope("gradient", || value_and_grad_aux(loss, &params));
                    (outcome, None, gradient)
                }
                Some(find) => {
                    // The pass stands here once more for its state and metrics. What is computed alike by the method is computed once.
                    let outcome = pass(params.clone());
                    let (objective, found) = scope("direction", || find(&|params| pass(params).loss, &params, keys[1]));
                    (outcome, Some(objective), found)
                }
            };
            let mut row = losses(&outcome);
            seen.push(outcome.loss);
            if let Some(objective) = objective {
                row = row.with("objective", weighted(objective, outcome.weight));
                seen.push(objective);
            }
            metrics.push(row.and(outcome.metrics));
            if single {
                direction = Some(found);
            } else {
                let before = directions.unwrap_or_else(|| empty(&params));
                directions = Some(before.add(&found, outcome.weight));
            }
            state = outcome.state;
        }
        let mut direction = direction.or(directions.map(|sum| sum.mean)).expect("a batch has a part");
        if let Some(limit) = self.clip_value {
            direction = clip_by_value(&direction, limit);
        }
        if let Some(limit) = self.clip_norm {
            let (clipped, norm) = clip_by_norm(&direction, limit);
            direction = clipped;
            seen.push(norm);
            // Of the whole batch: beside its first part, and nothing beside the others.
            for (i, row) in metrics.iter_mut().enumerate() {
                let metric = weighted(if i == 0 { norm } else { norm.zeros_like() }, norm.number(f64::from(i == 0)));
                *row = row.clone().with("gradient norm", metric);
            }
        }
        let (params, memory) = self.optimizer.update(&params, &direction, &memory, rate);
        let average = average.map(|average| match self.averaging {
            Some(Averaging::Exponential(beta)) => average.follow(&params, beta),
            Some(Averaging::Epochs { .. }) => average.add(&params, at_end),
            None => average,
        });
        let state = state.map_leaves(|leaf| leaf.stop_gradient());
        let broken = not_finite(seen.iter().chain(params.leaves()).chain(state.leaves()));
        let model = model.with_selected(&params);
        (model, state, (memory, average), metrics, broken.expect("a loss is a float"))
    }

    /// The micro-batches.
    #[track_caller]
    fn cut(&self, batch: &B) -> Vec<B> {
        if self.parts == 1 {
            return vec![batch.clone()];
        }
        let sizes: Vec<Option<usize>> = batch.leaves().iter().map(|leaf| leaf.shape().first().copied()).collect();
        let n = sizes.first().copied().flatten().unwrap_or(0);
        if n == 0 || sizes.iter().any(|size| *size != Some(n)) {
            let types: Vec<String> = batch.leaves().iter().map(|leaf| leaf.ty().to_string()).collect();
            let what = format!(
                "training: micro-batches are cut along axis 0, which must be of one size in all parts of the batch: {}",
                types.join(", ")
            );
            stop(Error::new(ErrorKind::Shape, what));
        }
        let size = n.div_ceil(self.parts);
        let starts = (0..n).step_by(size);
        starts.map(|at| batch.map_leaves(|leaf| leaf.slice(0, at..(at + size).min(n)))).collect()
    }
}

/// The mean of nothing.
#[track_caller]
fn empty(params: &Trained) -> Average<Trained> {
    let weight = params.leaves()[0].number(0.0).convert(DType::F64);
    Average { mean: params.map_leaves(|leaf| leaf.zeros_like()), weight }
}

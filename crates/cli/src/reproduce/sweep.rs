//! Sweeps of many small runs, seed by seed: what the claims about training are made of.
//!
//! A run uses one thread and a sweep as many runs at a time as there are threads; results are in the order of the jobs, so no
//! byte depends on which run ended first.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadric::autodiff::DType;
use quadric::autodiff::trace::Var;
use quadric::curvature::estimators::{Estimate, trace};
use quadric::curvature::{AtPoint, ErrorKind, LinearOperator, Probe, Problem};
use quadric::nn::{Activation, Mlp};
use quadric::regularization::{Classification, Loss, Method};

use super::check::Context;
use crate::args::{Common, Train};
use crate::failure::Failure;
use crate::report::significant;
use crate::train::{Evaluator, Training, in_f64, tensors};

/// Random vectors for a trace at the end of a run, and for each of the many along it.
pub const PROBES: usize = 64;
pub const PROBES_ALONG: usize = 8;
/// The seed of those vectors: the same everywhere, so that two networks are asked in the same directions.
const PROBE_SEED: u64 = 20_241;

pub const DIVERGED: &str = "A run has diverged if its loss or a parameter is no longer finite, or if its loss over the training set ends above \
                        where it began.";

/// Does the jobs on as many threads as there are; the results are in the order of the jobs.
pub fn in_parallel<T: Sync, R: Send>(
    ctx: &Context,
    jobs: &[T],
    work: impl Fn(&T) -> Result<R, Failure> + Sync,
) -> Result<Vec<R>, Failure> {
    let threads = ctx.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let job = next.fetch_add(1, Ordering::Relaxed);
            match jobs.get(job) {
                Some(what) => done.push((job, work(what))),
                None => return done,
            }
        }
    };
    let mut done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.min(jobs.len())).map(|_| scope.spawn(worker)).collect();
        let join = |w: std::thread::ScopedJoinHandle<'_, _>| w.join().unwrap_or_else(|e| std::panic::resume_unwind(e));
        workers.into_iter().flat_map(join).collect::<Vec<(usize, Result<R, Failure>)>>()
    });
    done.sort_by_key(|(job, _)| *job);
    done.into_iter().map(|(_, result)| result).collect()
}

/// The mean loss over the whole training set, in f64 and on one thread.
pub fn problem(ctx: &Context, model: &Mlp) -> Result<Problem, Failure> {
    let (x, y) = tensors(&ctx.split.train, DType::F64)?;
    let loss = |model: Mlp<Var>, x: Var, y: Var| Classification::new(x, y).loss(&model);
    let problem = Problem::in_batches::<Mlp<Var>, _>(&in_f64(model), loss, &x, &y, 128)?;
    Ok(problem.with_convex_loss().with_threads(1))
}

/// The main job's training, but for what the claim varies; on one thread.
pub fn training(ctx: &Context, activation: Activation, method: Method, strength: f64, seed: u64) -> Training {
    let common = Common { seed, ..Common::default() };
    let varied =
        Train { regularizer: method, rho: Some(strength), activation, epochs: ctx.epochs, common, ..Train::default() };
    Training::new(&varied, &ctx.split.train, Some(1))
}

/// How a run ended.
pub struct Run {
    /// The loss of each step's batch, before the step.
    pub losses: Vec<f64>,
    /// The last network with finite parameters.
    pub model: Mlp,
    pub diverged: bool,
    pub train_loss: f64,
    pub train_accuracy: f64,
    pub test_accuracy: f64,
}

impl Run {
    /// Trains by `method` with the main job's settings.
    pub fn new(
        ctx: &Context,
        activation: Activation,
        method: Method,
        strength: f64,
        seed: u64,
    ) -> Result<Run, Failure> {
        Run::of(ctx, training(ctx, activation, method, strength, seed), |_, _, _| Ok(()))
    }

    /// Trains to the end; `watch` sees each step, the network before it and the loss of its batch.
    pub fn of(
        ctx: &Context,
        mut training: Training,
        mut watch: impl FnMut(usize, &Mlp, f64) -> Result<(), Failure>,
    ) -> Result<Run, Failure> {
        let mut on_train = Evaluator::new(&ctx.split.train, Some(1))?;
        let (initial, _) = on_train.measure(&training.model)?;
        let (mut losses, mut model, mut broken) = (Vec::new(), training.model.clone(), false);
        while training.done < training.total() {
            let step = training.done;
            match training.step()? {
                Ok(loss) => {
                    watch(step, &model, loss)?;
                    losses.push(loss);
                    model = training.model.clone();
                }
                Err(_) => {
                    broken = true;
                    break;
                }
            }
        }
        let (train_loss, train_accuracy) = on_train.measure(&model)?;
        let (_, test_accuracy) = Evaluator::new(&ctx.split.test, Some(1))?.measure(&model)?;
        // NaN is not "at most".
        let diverged = broken || !matches!(train_loss.partial_cmp(&initial), Some(o) if o.is_le());
        Ok(Run { losses, model, diverged, train_loss, train_accuracy, test_accuracy })
    }
}

/// A trace at a network; NaN where it is not finite.
pub fn trace_at<A: AtPoint>(operator: &mut A, model: &Mlp, probes: usize) -> Result<Estimate, Failure> {
    operator.set_point(&in_f64(model))?;
    match trace(operator as &mut dyn LinearOperator, Probe::Rademacher, probes, PROBE_SEED) {
        Err(e) if e.kind() == ErrorKind::NotFinite => {
            Ok(Estimate { value: f64::NAN, standard_error: f64::NAN, products: probes })
        }
        result => Ok(result?),
    }
}

/// All combinations of a strength and a seed, seeds innermost.
pub fn over_seeds(ctx: &Context, strengths: &[f64]) -> Vec<(f64, u64)> {
    strengths.iter().flat_map(|&strength| ctx.seeds.iter().map(move |&seed| (strength, seed))).collect()
}

pub fn each<T>(runs: &[T], f: impl Fn(&T) -> f64) -> Vec<f64> {
    runs.iter().map(f).collect()
}

pub fn count_diverged(runs: &[Run]) -> String {
    format!("{} of {}", runs.iter().filter(|r| r.diverged).count(), runs.len())
}

pub fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|x| significant(*x, 3)).collect::<Vec<_>>().join(", ")
}

/// A setting at which training still works: no seed diverges and each has at least half of the training examples right.
pub fn usable(runs: &[Run]) -> bool {
    runs.iter().all(|r| !r.diverged && r.train_accuracy >= 0.5)
}

pub const USABLE: &str = "usable: no seed diverges, and each ends with a training accuracy of at least 50 %";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_come_back_in_order() -> Result<(), Failure> {
        let jobs: Vec<usize> = (0..100).collect();
        for threads in [1, 3] {
            assert_eq!(
                in_parallel(&Context::for_tests(threads), &jobs, |i| Ok(i * i))?,
                jobs.iter().map(|i| i * i).collect::<Vec<_>>()
            );
        }
        assert!(in_parallel(&Context::for_tests(2), &[1, 2], |_| Err::<(), _>(Failure::Other("no".into()))).is_err());
        Ok(())
    }
}

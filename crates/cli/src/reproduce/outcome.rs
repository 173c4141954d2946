//! Claims about what training comes to: sweeps of many small runs, seed by seed.
//!
//! A run uses one thread and a sweep as many runs at a time as there are threads; results are in the order of the jobs, so no
//! byte depends on which run ended first.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};

use quadric::autodiff::trace::{Var, compile};
use quadric::autodiff::{DType, Tensor};
use quadric::curvature::estimators::{Estimate, trace};
use quadric::curvature::operators::{ActivationNme, GaussNewton, Hessian};
use quadric::curvature::{AtPoint, ErrorKind, LinearOperator, Probe, Problem};
use quadric::nn::{Activation, Mlp, softmax};
use quadric::regularization::{Classification, Distribution, Loss, Method};

use super::Context;
use super::stats::{Interval, mean, negative};
use crate::failure::Failure;
use crate::report::{Claim, Grid, Kind, Verdict, percent, significant};
use crate::train::{Evaluator, Recipe, Training, in_f64, tensors};

/// Random vectors for a trace at the end of a run, and for each of the many along it.
const PROBES: usize = 64;
const PROBES_ALONG: usize = 8;
/// The seed of those vectors: the same everywhere, so that two networks are asked in the same directions.
const PROBE_SEED: u64 = 20_241;

const DIVERGED: &str = "A run has diverged if its loss or a parameter is no longer finite, or if its loss over the training set ends above \
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
    let (x, y) = tensors(&ctx.split.train, DType::F64);
    let loss = |model: &Mlp<Var>, x: Var, y: Var| Classification::new(x, y).loss(model);
    let problem = Problem::in_batches::<Mlp<Var>, _>(&in_f64(model), loss, &x, &y, 128)?;
    Ok(problem.with_convex_loss().with_threads(1))
}

/// How a run ended.
struct Run {
    /// The loss of each step's batch, before the step.
    losses: Vec<f64>,
    /// The last network with finite parameters.
    model: Mlp,
    diverged: bool,
    train_loss: f64,
    train_accuracy: f64,
    test_accuracy: f64,
}

impl Run {
    /// Trains by `method` with the standard recipe.
    fn new(ctx: &Context, activation: Activation, method: Method, strength: f64, seed: u64) -> Result<Run, Failure> {
        let recipe = Recipe::standard(activation, method, strength, ctx.epochs, seed);
        Run::of(ctx, Training::new(&recipe, &ctx.split.train, Some(1)), |_, _, _| Ok(()))
    }

    /// Trains to the end; `watch` sees each step, the network before it and the loss of its batch.
    fn of(
        ctx: &Context,
        mut training: Training,
        mut watch: impl FnMut(usize, &Mlp, f64) -> Result<(), Failure>,
    ) -> Result<Run, Failure> {
        let mut on_train = Evaluator::new(&ctx.split.train, Some(1));
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
        let (_, test_accuracy) = Evaluator::new(&ctx.split.test, Some(1)).measure(&model)?;
        // NaN is not "at most".
        let diverged = broken || !matches!(train_loss.partial_cmp(&initial), Some(o) if o.is_le());
        Ok(Run { losses, model, diverged, train_loss, train_accuracy, test_accuracy })
    }
}

/// A trace at a network; NaN where it is not finite.
fn trace_at<A: AtPoint>(operator: &mut A, model: &Mlp, probes: usize) -> Result<Estimate, Failure> {
    operator.set_point(&in_f64(model))?;
    match trace(operator as &mut dyn LinearOperator, Probe::Rademacher, probes, PROBE_SEED) {
        Err(e) if e.kind() == ErrorKind::NotFinite => {
            Ok(Estimate { value: f64::NAN, standard_error: f64::NAN, products: probes })
        }
        result => Ok(result?),
    }
}

/// All combinations of a strength and a seed, seeds innermost.
fn over_seeds(ctx: &Context, strengths: &[f64]) -> Vec<(f64, u64)> {
    strengths.iter().flat_map(|&strength| ctx.seeds.iter().map(move |&seed| (strength, seed))).collect()
}

fn each<T>(runs: &[T], f: impl Fn(&T) -> f64) -> Vec<f64> {
    runs.iter().map(f).collect()
}

fn count_diverged(runs: &[Run]) -> String {
    format!("{} of {}", runs.iter().filter(|r| r.diverged).count(), runs.len())
}

fn list(numbers: &[f64]) -> String {
    numbers.iter().map(|x| significant(*x, 3)).collect::<Vec<_>>().join(", ")
}

fn strings<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

fn pair(name: impl Into<String>, value: impl Into<String>) -> (String, String) {
    (name.into(), value.into())
}

/// A setting at which training still works: no seed diverges and each has at least half of the training examples right.
fn usable(runs: &[Run]) -> bool {
    runs.iter().all(|r| !r.diverged && r.train_accuracy >= 0.5)
}

const USABLE: &str = "usable: no seed diverges, and each ends with a training accuracy of at least 50 %";

/// Claim 18: PSAM with N taken out does worse than PSAM.
pub fn ablation_is_worse(ctx: &Context) -> Result<Claim, Failure> {
    const RHO: [f64; 5] = [0.01, 0.03, 0.1, 0.3, 1.0];
    const METHODS: [Method; 2] = [Method::Psam, Method::PsamGaussNewton];
    let n = ctx.seeds.len();
    let mut jobs: Vec<(Method, f64, u64)> = ctx.seeds.iter().map(|&seed| (Method::Plain, 0.0, seed)).collect();
    for method in METHODS {
        jobs.extend(over_seeds(ctx, &RHO).into_iter().map(|(rho, seed)| (method, rho, seed)));
    }
    let runs = in_parallel(ctx, &jobs, |&(method, rho, seed)| Run::new(ctx, Activation::Gelu, method, rho, seed))?;
    let (plain, swept) = runs.split_at(n);
    let (psam, ablated) = swept.split_at(RHO.len() * n);
    let of_seed = |runs: &'_ [Run], i: usize| -> Vec<(f64, bool, f64)> {
        RHO.iter().zip(runs.chunks(n)).map(|(rho, runs)| (*rho, runs[i].diverged, runs[i].test_accuracy)).collect()
    };
    let best = |runs: &[Run]| -> Vec<f64> {
        let stable =
            |i| of_seed(runs, i).into_iter().filter(|(_, diverged, _)| !diverged).map(|(.., accuracy)| accuracy);
        (0..n).map(|i| stable(i).fold(f64::NAN, f64::max)).collect()
    };
    // Infinity: at none of the grid.
    let breaks = |runs: &[Run]| -> Vec<f64> {
        let first =
            |i| of_seed(runs, i).into_iter().find(|(_, diverged, _)| *diverged).map_or(f64::INFINITY, |(rho, ..)| rho);
        (0..n).map(first).collect()
    };
    let difference = Interval::of_paired(&best(ablated), &best(psam));
    let (at, at_ablated) = (breaks(psam), breaks(ablated));
    let sooner = at.iter().zip(&at_ablated).all(|(psam, ablated)| ablated < psam);
    let later = at.iter().zip(&at_ablated).all(|(psam, ablated)| ablated > psam);
    let verdict = match (difference.is_negative(), difference.is_positive()) {
        (true, _) if !later => Verdict::Reproduced,
        (_, true) if !sooner => Verdict::Contradicted,
        (false, false) if sooner => Verdict::Reproduced,
        (false, false) if later => Verdict::Contradicted,
        (false, false) => negative(difference, 0.005),
        _ => Verdict::Inconclusive,
    };
    let smallest = |breaks: &[f64]| {
        let one = |rho: &f64| if rho.is_finite() { rho.to_string() } else { "none".into() };
        breaks.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    let row = |method: Method, rho: String, runs: &[Run]| {
        vec![
            method.to_string(),
            rho,
            percent(mean(&each(runs, |r| r.test_accuracy))),
            percent(mean(&each(runs, |r| r.train_accuracy))),
            significant(mean(&each(runs, |r| r.train_loss)), 3),
            count_diverged(runs),
        ]
    };
    let mut rows = vec![row(Method::Plain, "0".into(), plain)];
    for (method, runs) in METHODS.into_iter().zip([psam, ablated]) {
        rows.extend(RHO.iter().zip(runs.chunks(n)).map(|(rho, runs)| row(method, rho.to_string(), runs)));
    }
    Ok(Claim {
        number: 18,
        kind: Kind::Outcome,
        claim: "PSAM with the whole NME ablated (psam-gn) does worse than PSAM".into(),
        measure: "GELU; for each seed the best test accuracy over ρ among runs that do not diverge, and the smallest ρ that diverges".into(),
        rule: format!(
            "{DIVERGED} psam-gn is worse in accuracy if the 95 % interval of the paired difference of best accuracies is below 0, better if \
             above; worse in stability if it diverges at a smaller ρ of the grid for every seed, better if PSAM does (none counts as \
             beyond the grid). Reproduced if worse in one and not better in the other; contradicted if better in one and not worse in \
             the other; not seen if neither in both and the mean difference is less than 0.5 points; else inconclusive."
        ),
        numbers: vec![
            pair("best test accuracy, sgd", percent(mean(&each(plain, |r| r.test_accuracy)))),
            pair("best test accuracy, psam", percent(mean(&best(psam)))),
            pair("best test accuracy, psam-gn", percent(mean(&best(ablated)))),
            pair("difference psam-gn − psam, 95 % interval", difference.to_text(percent)),
            pair("smallest diverging ρ by seed, psam", smallest(&at)),
            pair("smallest diverging ρ by seed, psam-gn", smallest(&at_ablated)),
        ],
        grid: Some(Grid {
            headings: strings(["method", "ρ", "test accuracy", "training accuracy", "training loss", "diverged"]),
            rows,
        }),
        verdict,
    })
}

/// What a trace does along a run.
struct Traced {
    run: Run,
    /// The lowest of the traces while the batch's loss is at most that of the first batch, with its standard error.
    lowest: Estimate,
    last: Estimate,
}

/// Trains and takes the trace of one operator once an epoch and at the end; and, when the loss first exceeds twice that of the first
/// batch or a number breaks, at each of the steps of the epoch before.
fn traced<A: AtPoint>(
    ctx: &Context,
    recipe: &Recipe,
    new: impl Fn(&Problem) -> Result<A, quadric::curvature::Error>,
) -> Result<Traced, Failure> {
    let training = Training::new(recipe, &ctx.split.train, Some(1));
    let epoch = training.total() / recipe.epochs;
    let mut operator = new(&problem(ctx, &training.model)?)?;
    let mut lowest = Estimate { value: f64::INFINITY, standard_error: 0.0, products: 0 };
    let mut see = |model: &Mlp| -> Result<(), Failure> {
        let now = trace_at(&mut operator, model, PROBES_ALONG)?;
        if now.value < lowest.value {
            lowest = now;
        }
        Ok(())
    };
    let mut before: VecDeque<Mlp> = VecDeque::with_capacity(epoch + 1);
    let (mut first, mut burst) = (f64::NAN, false);
    let run = Run::of(ctx, training, |step, model, loss| {
        if step == 0 {
            first = loss;
        }
        if loss > 2.0 * first && !burst {
            burst = true;
            before.drain(..).try_for_each(|model| see(&model))?;
        }
        if loss <= first {
            if step.is_multiple_of(epoch) {
                see(model)?;
            }
            before.push_back(model.clone());
            if before.len() > epoch {
                before.pop_front();
            }
        }
        Ok(())
    })?;
    if run.diverged && !burst {
        before.drain(..).try_for_each(|model| see(&model))?;
    }
    if !run.diverged {
        see(&run.model)?;
    }
    let last = trace_at(&mut operator, &run.model, PROBES)?;
    Ok(Traced { run, lowest, last })
}

/// Claim 20: what the two trace penalties do to the trace.
pub fn trace_penalties(ctx: &Context) -> Result<Claim, Failure> {
    const LAMBDA: [f64; 7] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];
    let (probes, distribution) = (1, Distribution::Rademacher);
    let hessian_trace = Method::HessianTrace { probes, distribution };
    let gn_trace = Method::GaussNewtonTrace { probes, distribution };
    let n = ctx.seeds.len();
    let mut jobs: Vec<(Method, f64, u64)> = ctx.seeds.iter().map(|&seed| (Method::Plain, 0.0, seed)).collect();
    for method in [hessian_trace, gn_trace] {
        jobs.extend(over_seeds(ctx, &LAMBDA).into_iter().map(|(lambda, seed)| (method, lambda, seed)));
    }
    let runs = in_parallel(ctx, &jobs, |&(method, lambda, seed)| {
        let recipe = Recipe::standard(Activation::Gelu, method, lambda, ctx.epochs, seed);
        match method {
            Method::GaussNewtonTrace { .. } => traced(ctx, &recipe, |problem| GaussNewton::new(problem, "logits")),
            _ => traced(ctx, &recipe, Hessian::new),
        }
    })?;
    let (plain, swept) = runs.split_at(n);
    let (by_h, by_g) = swept.split_at(LAMBDA.len() * n);
    let by_lambda = || LAMBDA.iter().zip(by_h.chunks(n).zip(by_g.chunks(n)));
    let strongly = |i: usize, t: &Traced| t.lowest.value + 2.0 * t.lowest.standard_error < -plain[i].last.value.abs();
    let h_goes = |h: &[Traced]| h.iter().enumerate().all(|(i, t)| t.run.diverged && strongly(i, t));
    let g_stays = |g: &[Traced]| g.iter().all(|t| !t.run.diverged && t.lowest.value >= 0.0);
    let witnesses: Vec<String> =
        by_lambda().filter(|(_, (h, g))| h_goes(h) && g_stays(g)).map(|(lambda, _)| lambda.to_string()).collect();
    let diverged = |t: &Traced| t.run.diverged;
    let verdict = if !witnesses.is_empty() {
        Verdict::Reproduced
    } else if !swept.iter().any(diverged) && !by_h.iter().enumerate().any(|(i, t)| strongly(i % n, t)) {
        Verdict::NotSeen
    } else if by_lambda().any(|(_, (h, g))| g.iter().all(diverged) && !h.iter().any(diverged)) {
        Verdict::Contradicted
    } else {
        Verdict::Inconclusive
    };
    let smallest = |runs: &[Traced]| {
        let found = LAMBDA.iter().zip(runs.chunks(n)).find(|(_, runs)| runs.iter().all(diverged));
        found.map_or("none".to_string(), |(lambda, _)| lambda.to_string())
    };
    let row = |method: &str, lambda: f64, runs: &[Traced]| {
        vec![
            method.to_string(),
            lambda.to_string(),
            format!("{} of {n}", runs.iter().filter(|t| t.run.diverged).count()),
            list(&runs.iter().map(|t| t.lowest.value).collect::<Vec<_>>()),
            list(&runs.iter().map(|t| t.last.value).collect::<Vec<_>>()),
            percent(mean(&runs.iter().map(|t| t.run.test_accuracy).collect::<Vec<_>>())),
        ]
    };
    let mut rows = vec![row("sgd (tr H)", 0.0, plain)];
    rows.extend(by_lambda().map(|(lambda, (h, _))| row("hessian-trace (tr H)", *lambda, h)));
    rows.extend(by_lambda().map(|(lambda, (_, g))| row("gn-trace (tr G)", *lambda, g)));
    let relative = |t: &Traced| t.last.standard_error / t.last.value.abs();
    let finite: Vec<f64> = runs.iter().map(relative).filter(|x| x.is_finite()).collect();
    Ok(Claim {
        number: 20,
        kind: Kind::Outcome,
        claim: "the Hessian-trace penalty drives tr H strongly negative, then diverges; the Gauss-Newton-trace penalty at the same λ is \
                stable with tr G ≥ 0"
            .into(),
        measure: format!(
            "GELU, one Rademacher probe a step. tr H (hessian-trace) or tr G (gn-trace) over the training set by Hutchinson, {PROBES_ALONG} \
             probes, once an epoch, and in each of an epoch's steps before the loss of a batch first exceeds twice that of the first batch \
             (or the run breaks), always where the batch's loss is at most that of the first; {PROBES} probes at the last finite network"
        ),
        rule: format!(
            "{DIVERGED} tr H is strongly negative if at one of these moments it is, by more than two standard errors, below minus the |tr H| \
             with which plain SGD of the same seed ends. Reproduced if there is a λ at which for every seed the Hessian-trace run is \
             strongly negative and diverges while the Gauss-Newton-trace run does not diverge and has tr G ≥ 0 at every moment; not seen \
             if no run diverges and none is strongly negative; contradicted if at some λ Gauss-Newton-trace diverges for every seed \
             and Hessian-trace for none; else inconclusive."
        ),
        numbers: vec![
            pair("λ that show it", if witnesses.is_empty() { "none".into() } else { witnesses.join(", ") }),
            pair("smallest λ at which every seed diverges, hessian-trace", smallest(by_h)),
            pair("smallest λ at which every seed diverges, gn-trace", smallest(by_g)),
            pair("relative standard error of the last traces, mean", percent(mean(&finite))),
        ],
        grid: Some(Grid {
            headings: strings(["method", "λ", "diverged", "lowest trace by seed", "last trace by seed", "test accuracy"]),
            rows,
        }),
        verdict,
    })
}

/// Claim 22: weight noise and the trace of N.
pub fn noise_and_nme(ctx: &Context) -> Result<Claim, Failure> {
    const SIGMA: [f64; 5] = [0.0, 0.01, 0.03, 0.1, 0.3];
    let n = ctx.seeds.len();
    let runs = in_parallel(ctx, &over_seeds(ctx, &SIGMA), |&(sigma, seed)| {
        let method = if sigma == 0.0 { Method::Plain } else { Method::WeightNoise };
        let run = Run::new(ctx, Activation::Gelu, method, sigma, seed)?;
        let problem = problem(ctx, &run.model)?;
        let n = trace_at(&mut ActivationNme::new(&problem, "logits")?, &run.model, PROBES)?;
        let g = trace_at(&mut GaussNewton::new(&problem, "logits")?, &run.model, PROBES)?;
        Ok((run, [n.value, g.value, n.standard_error]))
    })?;
    let (runs, traces): (Vec<Run>, Vec<[f64; 3]>) = runs.into_iter().unzip();
    let at = |i: usize| (&runs[i * n..(i + 1) * n], &traces[i * n..(i + 1) * n]);
    let trace_n = |i: usize| each(at(i).1, |t| t[0]);
    let trace_g = |i: usize| each(at(i).1, |t| t[1]);
    let largest = (1..SIGMA.len()).rev().find(|&i| usable(at(i).0));
    let difference = largest.map(|i| Interval::of_paired(&trace_n(i), &trace_n(0)));
    let verdict = match (largest, difference) {
        (Some(i), Some(difference)) => match negative(difference, 0.05 * mean(&trace_g(i))) {
            Verdict::Reproduced if trace_n(i).iter().any(|t| *t >= 0.0) => Verdict::Inconclusive,
            verdict => verdict,
        },
        _ => Verdict::Inconclusive,
    };
    let row = |i: usize| {
        let runs = at(i).0;
        vec![
            SIGMA[i].to_string(),
            list(&trace_n(i)),
            list(&each(at(i).1, |t| t[2])),
            list(&trace_g(i)),
            percent(mean(&each(runs, |r| r.train_accuracy))),
            percent(mean(&each(runs, |r| r.test_accuracy))),
            count_diverged(runs),
        ]
    };
    let three = |x: f64| significant(x, 3);
    Ok(Claim {
        number: 22,
        kind: Kind::Outcome,
        claim: "weight noise drives tr N negative at large σ²".into(),
        measure: format!(
            "GELU; tr N at the end over the training set, against plain SGD (σ = 0) of the same seed. By Hutchinson with {PROBES} Rademacher \
             probes on A: tr N = tr A, because tr M = 0 without shared weights (claim 2), and A has the smaller variance"
        ),
        rule: format!(
            "{DIVERGED} Decided at the largest σ that is {USABLE}. Reproduced if tr N is negative for every seed there and the 95 % interval \
             of its paired difference to plain SGD is below 0; contradicted if the interval is above 0; not seen if it contains 0 and the \
             mean difference is less than 5 % of tr G there; else inconclusive."
        ),
        numbers: vec![
            pair("largest usable σ", largest.map_or("none".into(), |i| SIGMA[i].to_string())),
            pair("tr N there, mean", largest.map_or("none".into(), |i| three(mean(&trace_n(i))))),
            pair("tr N of plain SGD, mean", three(mean(&trace_n(0)))),
            pair("difference, 95 % interval", difference.map_or("none".into(), |d| d.to_text(three))),
            pair("tr G there, mean", largest.map_or("none".into(), |i| three(mean(&trace_g(i))))),
        ],
        grid: Some(Grid {
            headings: strings([
                "σ",
                "tr N by seed",
                "its standard error",
                "tr G by seed",
                "training accuracy",
                "test accuracy",
                "diverged",
            ]),
            rows: (0..SIGMA.len()).map(row).collect(),
        }),
        verdict,
    })
}

/// Claim 24: the null control.
pub fn relu_control(ctx: &Context) -> Result<Claim, Failure> {
    const LAMBDA: f64 = 1e-3;
    const COUNTS: [usize; 2] = [1, 8];
    let distribution = Distribution::Rademacher;
    // What is drawn with another key differs by the noise of the probes alone.
    let other = |seed: u64| seed as u32 ^ 0x8000_0000;
    let mut jobs: Vec<(Method, u64, u32)> = ctx.seeds.iter().map(|&seed| (Method::Plain, seed, seed as u32)).collect();
    for probes in COUNTS {
        let (h, g) = (Method::HessianTrace { probes, distribution }, Method::GaussNewtonTrace { probes, distribution });
        jobs.extend(ctx.seeds.iter().map(|&seed| (h, seed, seed as u32)));
        jobs.extend(ctx.seeds.iter().map(|&seed| (g, seed, seed as u32)));
        jobs.extend(ctx.seeds.iter().map(|&seed| (g, seed, other(seed))));
    }
    let runs = in_parallel(ctx, &jobs, |&(method, seed, key)| {
        let recipe = Recipe::standard(Activation::Relu, method, LAMBDA, ctx.epochs, seed);
        Run::of(ctx, Training::new(&recipe, &ctx.split.train, Some(1)).with_key(key), |_, _, _| Ok(()))
    })?;
    let n = ctx.seeds.len();
    let plain = &runs[..n];
    let far = |a: &[Run], b: &[Run]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| distance(a, b)).collect() };
    let mut rows = Vec::new();
    let mut decisive = (vec![], vec![]);
    for (probes, runs) in COUNTS.iter().zip(runs[n..].chunks(3 * n)) {
        let (h, g, g_again) = (&runs[..n], &runs[n..2 * n], &runs[2 * n..]);
        decisive = (far(h, g), far(h, plain));
        let pairs: [(&str, &[Run], &[Run]); 4] = [
            ("hessian-trace, gn-trace", h, g),
            ("hessian-trace, sgd", h, plain),
            ("gn-trace, sgd", g, plain),
            ("gn-trace, gn-trace with other probes", g, g_again),
        ];
        for (what, a, b) in pairs {
            let accuracy: Vec<f64> = a.iter().zip(b).map(|(a, b)| a.test_accuracy - b.test_accuracy).collect();
            let widest: Vec<f64> = a.iter().zip(b).map(|(a, b)| widest(a, b)).collect();
            let cells = [what.into(), list(&far(a, b)), list(&widest), Interval::of(&accuracy).to_text(percent)];
            rows.push([vec![probes.to_string()], cells.to_vec()].concat());
        }
    }
    let (between, to_plain) = decisive;
    let level: Vec<f64> = each(plain, |r| mean(&r.losses));
    let all = |f: &dyn Fn(usize) -> bool| (0..n).all(f);
    let verdict = if all(&|i| to_plain[i] < 0.01 * level[i]) {
        Verdict::NotSeen
    } else if all(&|i| between[i] < to_plain[i] / 4.0) {
        Verdict::Reproduced
    } else if all(&|i| between[i] >= to_plain[i]) {
        Verdict::Contradicted
    } else {
        Verdict::Inconclusive
    };
    let ratios: Vec<f64> = between.iter().zip(&to_plain).map(|(a, b)| a / b).collect();
    Ok(Claim {
        number: 24,
        kind: Kind::Outcome,
        claim: "control: with ReLU and without batch norm the Hessian-trace and the Gauss-Newton-trace penalty (Hutchinson) do the same".into(),
        measure: format!(
            "training-loss curves at λ = {LAMBDA} with the same weights, batches and probes: the mean |difference| over steps. N is 0 on the \
             diagonal and not off it, so the two agree on average over probes and not step by step; a Gauss-Newton-trace run with \
             other probes shows how far that noise alone goes"
        ),
        rule: "decided with 8 Rademacher probes. Not seen if for every seed Hessian-trace is closer to plain SGD than 1 % of SGD's mean loss \
               (the penalty does nothing); reproduced if for every seed the two penalties are closer to each other than a quarter of the \
               distance of Hessian-trace to plain SGD; contradicted if for every seed they are at least that whole distance apart; else \
               inconclusive."
            .into(),
        numbers: vec![
            pair("distance between the penalties over distance to SGD, by seed", list(&ratios)),
            pair("mean loss of plain SGD along training, by seed", list(&level)),
        ],
        grid: Some(Grid {
            headings: strings([
                "probes",
                "runs",
                "mean |difference| of the losses by seed",
                "largest relative difference by seed",
                "difference in test accuracy, 95 % interval",
            ]),
            rows,
        }),
        verdict,
    })
}

/// The mean over steps of |a − b|; NaN if one of them ended early.
fn distance(a: &Run, b: &Run) -> f64 {
    if a.losses.len() != b.losses.len() {
        return f64::NAN;
    }
    mean(&a.losses.iter().zip(&b.losses).map(|(a, b)| (a - b).abs()).collect::<Vec<_>>())
}

/// The largest of |a − b| / max(a, b) over the steps that both have.
fn widest(a: &Run, b: &Run) -> f64 {
    a.losses.iter().zip(&b.losses).map(|(a, b)| (a - b).abs() / a.max(*b)).fold(0.0, f64::max)
}

/// Claim 25: what sampling the labels does.
pub fn sampled_penalty(ctx: &Context) -> Result<Claim, Failure> {
    const LAMBDA: [f64; 6] = [0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2];
    let n = ctx.seeds.len();
    let runs = in_parallel(ctx, &over_seeds(ctx, &LAMBDA), |&(lambda, seed)| {
        let method = if lambda == 0.0 { Method::Plain } else { Method::SampledTrace };
        let run = Run::new(ctx, Activation::Gelu, method, lambda, seed)?;
        let mut g = GaussNewton::new(&problem(ctx, &run.model)?, "logits")?;
        let trace = trace_at(&mut g, &run.model, PROBES)?;
        let confidence = confidence(ctx, &run.model)?;
        Ok((run, [confidence, trace.value]))
    })?;
    let (runs, seen): (Vec<Run>, Vec<[f64; 2]>) = runs.into_iter().unzip();
    let at = |i: usize| &runs[i * n..(i + 1) * n];
    let confidences = |i: usize| each(&seen[i * n..(i + 1) * n], |s| s[0]);
    let traces = |i: usize| each(&seen[i * n..(i + 1) * n], |s| s[1]);
    let largest = (1..LAMBDA.len()).rev().find(|&i| usable(at(i)));
    let falls = largest.map(|i| Interval::of_paired(&confidences(i), &confidences(0)));
    let ratio = largest.map(|i| -> Vec<f64> { traces(i).iter().zip(traces(0)).map(|(a, b)| a / b).collect() });
    let verdict = match (falls, &ratio) {
        (Some(falls), Some(ratio)) => match falls {
            d if d.is_negative() && ratio.iter().all(|r| *r >= 0.9) => Verdict::Reproduced,
            d if !d.is_negative() && ratio.iter().all(|r| *r < 0.5) => Verdict::Contradicted,
            d if !d.is_negative() && d.mean.abs() < 0.005 && ratio.iter().all(|r| (0.9..1.1).contains(r)) => {
                Verdict::NotSeen
            }
            _ => Verdict::Inconclusive,
        },
        _ => Verdict::Inconclusive,
    };
    let row = |i: usize| {
        let runs = at(i);
        vec![
            LAMBDA[i].to_string(),
            percent(mean(&confidences(i))),
            list(&traces(i)),
            significant(mean(&each(runs, |r| r.train_loss)), 3),
            percent(mean(&each(runs, |r| r.train_accuracy))),
            percent(mean(&each(runs, |r| r.test_accuracy))),
            count_diverged(runs),
        ]
    };
    Ok(Claim {
        number: 25,
        kind: Kind::Outcome,
        claim: "the sampled-label penalty with cross-entropy lowers confidence rather than tr G".into(),
        measure: format!(
            "GELU; the mean of the largest class probability over the training set, and tr G there by Hutchinson ({PROBES} Rademacher \
             probes), against plain SGD (λ = 0) of the same seed"
        ),
        rule: format!(
            "{DIVERGED} Decided at the largest λ that is {USABLE}. Reproduced if the 95 % interval of the paired difference in confidence is \
             below 0 and tr G falls by no more than 10 % for any seed; contradicted if that interval is not below 0 and tr G falls by more \
             than half for every seed; not seen if the interval is not below 0, the mean difference is less than 0.5 points and tr G \
             stays within 10 % for every seed; else inconclusive."
        ),
        numbers: vec![
            pair("largest usable λ", largest.map_or("none".into(), |i| LAMBDA[i].to_string())),
            pair("difference in confidence, 95 % interval", falls.map_or("none".into(), |d| d.to_text(percent))),
            pair("tr G over that of plain SGD, by seed", ratio.map_or("none".into(), |r| list(&r))),
        ],
        grid: Some(Grid {
            headings: strings([
                "λ",
                "confidence",
                "tr G by seed",
                "training loss",
                "training accuracy",
                "test accuracy",
                "diverged",
            ]),
            rows: (0..LAMBDA.len()).map(row).collect(),
        }),
        verdict,
    })
}

/// The mean over the training set of the largest class probability.
fn confidence(ctx: &Context, model: &Mlp) -> Result<f64, Failure> {
    let (x, _) = tensors(&ctx.split.train, DType::F64);
    let mut call =
        compile(|(model, x): (Mlp<Var>, Var)| softmax(model.logits(x)).max_axes(&[-1]).mean()).with_threads(1);
    let share: Tensor = call.call((in_f64(model), x))?;
    Ok(share.item())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(threads: usize) -> Context {
        let split = quadric::nn::data::digits(quadric::nn::data::DIGITS_SPLIT_SEED);
        Context { split, seeds: vec![0, 1], epochs: 1, threads: Some(threads) }
    }

    #[test]
    fn jobs_come_back_in_order() -> Result<(), Failure> {
        let jobs: Vec<usize> = (0..100).collect();
        for threads in [1, 3] {
            assert_eq!(
                in_parallel(&context(threads), &jobs, |i| Ok(i * i))?,
                jobs.iter().map(|i| i * i).collect::<Vec<_>>()
            );
        }
        assert!(in_parallel(&context(2), &[1, 2], |_| Err::<(), _>(Failure::Other("no".into()))).is_err());
        Ok(())
    }

    #[test]
    fn the_number_of_threads_changes_no_byte() -> Result<(), Failure> {
        assert_eq!(noise_and_nme(&context(1))?, noise_and_nme(&context(2))?);
        Ok(())
    }
}

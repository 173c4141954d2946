//! Claim 20: what the two trace penalties do to the trace.

use std::collections::VecDeque;

use quadric::curvature::Probe;
use quadric::curvature::estimators::Estimate;
use quadric::curvature::operators::{GaussNewton, Hessian};
use quadric::curvature::{AtPoint, Problem};
use quadric::nn::{Activation, Mlp};
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, percent};
use crate::reproduce::check::{Check, Context, Found, pair, strings};
use crate::reproduce::stats::mean;
use crate::reproduce::sweep::{
    DIVERGED, PROBES, PROBES_ALONG, Run, in_parallel, list, over_seeds, problem, trace_at, training,
};
use crate::train::Training;

pub const CHECK: Check = Check {
    number: 20,
    kind: Kind::Outcome,
    claim: "the Hessian-trace penalty drives tr H strongly negative, then diverges; the Gauss-Newton-trace penalty at the same λ is \
                stable with tr G ≥ 0",
    measure: || {
        format!(
            "GELU, one Rademacher probe a step. tr H (hessian-trace) or tr G (gn-trace) over the training set by Hutchinson, {PROBES_ALONG} \
             probes, once an epoch, and in each of an epoch's steps before the loss of a batch first exceeds twice that of the first batch \
             (or the run breaks), always where the batch's loss is at most that of the first; {PROBES} probes at the last finite network"
        )
    },
    rule: || {
        format!(
            "{DIVERGED} tr H is strongly negative if at one of these moments it is, by more than two standard errors, below minus the |tr H| \
             with which plain SGD of the same seed ends. Reproduced if there is a λ at which for every seed the Hessian-trace run is \
             strongly negative and diverges while the Gauss-Newton-trace run does not diverge and has tr G ≥ 0 at every moment; not seen \
             if no run diverges and none is strongly negative; contradicted if at some λ Gauss-Newton-trace diverges for every seed \
             and Hessian-trace for none; else inconclusive."
        )
    },
    run,
};

fn run(ctx: &Context) -> Result<Found, Failure> {
    const LAMBDA: [f64; 7] = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1];
    let (probes, distribution) = (1, Probe::Rademacher);
    let hessian_trace = Method::HessianTrace { probes, distribution };
    let gn_trace = Method::GaussNewtonTrace { probes, distribution };
    let n = ctx.seeds.len();
    let mut jobs: Vec<(Method, f64, u64)> = ctx.seeds.iter().map(|&seed| (Method::Plain, 0.0, seed)).collect();
    for method in [hessian_trace, gn_trace] {
        jobs.extend(over_seeds(ctx, &LAMBDA).into_iter().map(|(lambda, seed)| (method, lambda, seed)));
    }
    let runs = in_parallel(ctx, &jobs, |&(method, lambda, seed)| {
        let training = training(ctx, Activation::Gelu, method, lambda, seed);
        match method {
            Method::GaussNewtonTrace { .. } => traced(ctx, training, |problem| GaussNewton::new(problem, "logits")),
            _ => traced(ctx, training, Hessian::new),
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
    Ok(Found {
        numbers: vec![
            pair("λ that show it", if witnesses.is_empty() { "none".into() } else { witnesses.join(", ") }),
            pair("smallest λ at which every seed diverges, hessian-trace", smallest(by_h)),
            pair("smallest λ at which every seed diverges, gn-trace", smallest(by_g)),
            pair("relative standard error of the last traces, mean", percent(mean(&finite))),
        ],
        grid: Some(Grid {
            headings: strings([
                "method",
                "λ",
                "diverged",
                "lowest trace by seed",
                "last trace by seed",
                "test accuracy",
            ]),
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
    training: Training,
    new: impl Fn(&Problem) -> Result<A, quadric::curvature::Error>,
) -> Result<Traced, Failure> {
    let epoch = training.total() / ctx.epochs;
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

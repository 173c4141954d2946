//! Claim 25: what sampling the labels does.

use quadric::autodiff::trace::{Var, compile};
use quadric::autodiff::{DType, Tensor};
use quadric::curvature::operators::GaussNewton;
use quadric::nn::{Activation, Mlp, softmax};
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, percent, significant};
use crate::reproduce::check::{Check, Context, Found, pair, strings};
use crate::reproduce::stats::{Interval, mean};
use crate::reproduce::sweep::{
    DIVERGED, PROBES, Run, USABLE, count_diverged, each, in_parallel, list, over_seeds, problem, trace_at, usable,
};
use crate::train::{in_f64, tensors};

pub const CHECK: Check = Check {
    number: 25,
    kind: Kind::Outcome,
    claim: "the sampled-label penalty with cross-entropy lowers confidence rather than tr G",
    measure: || {
        format!(
            "GELU; the mean of the largest class probability over the training set, and tr G there by Hutchinson ({PROBES} Rademacher \
             probes), against plain SGD (λ = 0) of the same seed"
        )
    },
    rule: || {
        format!(
            "{DIVERGED} Decided at the largest λ that is {USABLE}. Reproduced if the 95 % interval of the paired difference in confidence is \
             below 0 and tr G falls by no more than 10 % for any seed; contradicted if that interval is not below 0 and tr G falls by more \
             than half for every seed; not seen if the interval is not below 0, the mean difference is less than 0.5 points and tr G \
             stays within 10 % for every seed; else inconclusive."
        )
    },
    run,
};

fn run(ctx: &Context) -> Result<Found, Failure> {
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
    Ok(Found {
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
    let (x, _) = tensors(&ctx.split.train, DType::F64)?;
    let mut call =
        compile(|(model, x): (Mlp<Var>, Var)| softmax(model.logits(x)).max_axes(&[-1]).mean()).with_threads(1);
    let share: Tensor = call.call((in_f64(model), x))?;
    Ok(share.item())
}

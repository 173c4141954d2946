//! Claim 24: the null control.

use quadric::curvature::Probe;
use quadric::nn::Activation;
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, percent};
use crate::reproduce::check::{Check, Context, Found, pair, strings};
use crate::reproduce::stats::{Interval, mean};
use crate::reproduce::sweep::{Run, each, in_parallel, list, training};

const LAMBDA: f64 = 1e-3;

pub const CHECK: Check = Check {
    number: 24,
    kind: Kind::Outcome,
    claim: "control: with ReLU and without batch norm the Hessian-trace and the Gauss-Newton-trace penalty (Hutchinson) do the same",
    measure: || {
        format!(
            "training-loss curves at λ = {LAMBDA} with the same weights, batches and probes: the mean |difference| over steps. N is 0 on the \
             diagonal and not off it, so the two agree on average over probes and not step by step; a Gauss-Newton-trace run with \
             other probes shows how far that noise alone goes"
        )
    },
    rule: || {
        "decided with 8 Rademacher probes. Not seen if for every seed Hessian-trace is closer to plain SGD than 1 % of SGD's mean loss \
               (the penalty does nothing); reproduced if for every seed the two penalties are closer to each other than a quarter of the \
               distance of Hessian-trace to plain SGD; contradicted if for every seed they are at least that whole distance apart; else \
               inconclusive."
            .into()
    },
    run,
};

fn run(ctx: &Context) -> Result<Found, Failure> {
    const COUNTS: [usize; 2] = [1, 8];
    let distribution = Probe::Rademacher;
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
        Run::of(ctx, training(ctx, Activation::Relu, method, LAMBDA, seed).with_key(key), |_, _, _| Ok(()))
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
    Ok(Found {
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

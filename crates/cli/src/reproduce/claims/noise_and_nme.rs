//! Claim 22: weight noise and the trace of N.

use quadric::curvature::operators::{ActivationNme, GaussNewton};
use quadric::nn::Activation;
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, percent, significant};
use crate::reproduce::check::{Check, Context, Found, pair, strings};
use crate::reproduce::stats::{Interval, mean, negative};
use crate::reproduce::sweep::{
    DIVERGED, PROBES, Run, USABLE, count_diverged, each, in_parallel, list, over_seeds, problem, trace_at, usable,
};

pub const CHECK: Check = Check {
    number: 22,
    kind: Kind::Outcome,
    claim: "weight noise drives tr N negative at large σ²",
    measure: || {
        format!(
            "GELU; tr N at the end over the training set, against plain SGD (σ = 0) of the same seed. By Hutchinson with {PROBES} Rademacher \
             probes on A: tr N = tr A, because tr M = 0 without shared weights (claim 2), and A has the smaller variance"
        )
    },
    rule: || {
        format!(
            "{DIVERGED} Decided at the largest σ that is {USABLE}. Reproduced if tr N is negative for every seed there and the 95 % interval \
             of its paired difference to plain SGD is below 0; contradicted if the interval is above 0; not seen if it contains 0 and the \
             mean difference is less than 5 % of tr G there; else inconclusive."
        )
    },
    run,
};

fn run(ctx: &Context) -> Result<Found, Failure> {
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
    Ok(Found {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_threads_changes_no_byte() -> Result<(), Failure> {
        let check = |threads| CHECK.check(&Context::for_tests(threads));
        assert_eq!(check(1)?, check(2)?);
        Ok(())
    }
}

//! Claim 18: PSAM with N taken out does worse than PSAM.

use quadric::nn::Activation;
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, percent, significant};
use crate::reproduce::check::{Check, Context, Found, pair, strings};
use crate::reproduce::stats::{Interval, mean, negative};
use crate::reproduce::sweep::{DIVERGED, Run, count_diverged, each, in_parallel, over_seeds};

pub const CHECK: Check = Check {
    number: 18,
    kind: Kind::Outcome,
    claim: "PSAM with the whole NME ablated (psam-gn) does worse than PSAM",
    measure: || {
        "GELU; for each seed the best test accuracy over ρ among runs that do not diverge, and the smallest ρ that diverges".into()
    },
    rule: || {
        format!(
            "{DIVERGED} psam-gn is worse in accuracy if the 95 % interval of the paired difference of best accuracies is below 0, better if \
             above; worse in stability if it diverges at a smaller ρ of the grid for every seed, better if PSAM does (none counts as \
             beyond the grid). Reproduced if worse in one and not better in the other; contradicted if better in one and not worse in \
             the other; not seen if neither in both and the mean difference is less than 0.5 points; else inconclusive."
        )
    },
    run,
};

fn run(ctx: &Context) -> Result<Found, Failure> {
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
    Ok(Found {
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

//! Claim 10: `‖N g̃‖/‖G g̃‖` shrinks as the training loss does.

use quadric::curvature::Decomposition;
use quadric::curvature::vector::normalized;
use quadric::nn::Activation;
use quadric::regularization::Method;

use crate::failure::Failure;
use crate::report::{Grid, Kind, Verdict, significant};
use crate::reproduce::check::{Check, Context, Found};
use crate::reproduce::stats::spearman;
use crate::reproduce::sweep::{in_parallel, problem, training};
use crate::train::in_f64;

/// Moments of claim 10, the start and the end among them; they are dense at the start, where the loss falls.
const MOMENTS: usize = 8;

pub const CHECK: Check = Check {
    number: 10,
    kind: Kind::Mechanism,
    claim: "‖N g̃‖/‖G g̃‖ shrinks as the training loss does",
    measure: || {
        format!(
            "both over the whole training set in f64, at {MOMENTS} moments of a plain SGD run with GELU; Spearman's rank correlation \
             of the two over the moments"
        )
    },
    rule: || {
        "reproduced if the correlation is at least 0.7 for every seed; contradicted if at most -0.7 for every seed; not seen if \
               it is between -0.3 and 0.3 for every seed; else inconclusive."
            .into()
    },
    run,
};

fn run(ctx: &Context) -> Result<Found, Failure> {
    let along = |&seed: &u64| -> Result<Vec<(usize, f64, f64)>, Failure> {
        let mut training = training(ctx, Activation::Gelu, Method::Plain, 0.0, seed);
        let mut parts = Decomposition::new(&problem(ctx, &training.model)?, "logits")?;
        let moment = |i: usize| training.total() * i * i / (MOMENTS - 1).pow(2);
        let moments: Vec<usize> = (0..MOMENTS).map(moment).collect();
        let mut rows = Vec::new();
        for moment in moments {
            while training.done < moment {
                if training.step()?.is_err() {
                    return Ok(rows);
                }
            }
            parts.set_point(&in_f64(&training.model))?;
            let (loss, gradient) = parts.value_and_gradient()?;
            rows.push((moment, loss, parts.nme_over_gn(&normalized(&gradient))?));
        }
        Ok(rows)
    };
    let runs = in_parallel(ctx, &ctx.seeds, along)?;
    let correlation = |rows: &Vec<(usize, f64, f64)>| {
        let (losses, ratios): (Vec<f64>, Vec<f64>) = rows.iter().map(|&(_, loss, ratio)| (loss, ratio)).unzip();
        spearman(&losses, &ratios)
    };
    let correlations: Vec<f64> = runs.iter().map(correlation).collect();
    let verdict = match &correlations {
        all if all.iter().all(|r| *r >= 0.7) => Verdict::Reproduced,
        all if all.iter().all(|r| *r <= -0.7) => Verdict::Contradicted,
        all if all.iter().all(|r| r.abs() < 0.3) => Verdict::NotSeen,
        _ => Verdict::Inconclusive,
    };
    let row = |(&seed, rows): (&u64, &Vec<(usize, f64, f64)>)| {
        let cells = |&(moment, loss, ratio): &(usize, f64, f64)| {
            vec![seed.to_string(), moment.to_string(), significant(loss, 4), significant(ratio, 4)]
        };
        rows.iter().map(cells).collect::<Vec<_>>()
    };
    Ok(Found {
        numbers: ctx
            .seeds
            .iter()
            .zip(&correlations)
            .map(|(seed, r)| (format!("rank correlation, seed {seed}"), significant(*r, 3)))
            .collect(),
        grid: Some(Grid {
            headings: ["seed", "step", "training loss", "‖N g̃‖/‖G g̃‖"].map(str::to_owned).to_vec(),
            rows: ctx.seeds.iter().zip(&runs).flat_map(row).collect(),
        }),
        verdict,
    })
}

//! `quadric reproduce`: claims of the paper, each with its rule, its numbers and its verdict.
//!
//! A rule is a sentence that is fixed before anything is measured, and the code of the verdict says the same. What comes out is
//! what is reported: a null result at this scale is a result.

mod exact;
mod mechanism;
mod outcome;
mod small;
mod stats;

use std::process::ExitCode;

use quadric::autodiff::exec::Isa;
use quadric::nn::data::{self, Split};
use quadric::nn::files;

use crate::args::Reproduce;
use crate::failure::Failure;
use crate::report::{Claim, Reproduction, Settings};

/// What every claim may look at.
pub struct Context {
    /// The digits.
    pub split: Split,
    /// Seeds of the claims about training: `seed`, `seed + 1`, …
    pub seeds: Vec<u64>,
    /// Passes over the training data in each run.
    pub epochs: usize,
    /// Threads, if the user named a number. Sweeps of many runs use as many threads of one-thread programs.
    pub threads: Option<usize>,
}

type Check = fn(&Context) -> Result<Claim, Failure>;

const CLAIMS: &[(u32, Check)] = &[
    (1, exact::parts_add_up),
    (2, exact::nme_splits),
    (3, exact::piecewise_linear),
    (4, exact::definiteness),
    (5, exact::trace_of_gauss_newton),
    (6, exact::sampled_labels),
    (7, exact::three_roads),
    (8, exact::declared_activations),
    (9, exact::quadratic_loss),
    (10, mechanism::nme_shrinks),
    (11, mechanism::missing_curvature),
    (18, outcome::ablation_is_worse),
    (20, outcome::trace_penalties),
    (22, outcome::noise_and_nme),
    (24, outcome::relu_control),
    (25, outcome::sampled_penalty),
];

/// Checks the claims and writes `reproduce.md`.
pub fn run(settings: &Reproduce) -> Result<ExitCode, Failure> {
    if let Some(unknown) = settings.claims.iter().find(|n| !CLAIMS.iter().any(|(k, _)| k == *n)) {
        let known: Vec<String> = CLAIMS.iter().map(|(n, _)| n.to_string()).collect();
        return Err(Failure::Input(format!(
            "--claims {unknown}: there is no such claim here; there are {}",
            known.join(", ")
        )));
    }
    files::check_replaceable(&settings.common.out).map_err(Failure::input)?;
    let first = settings.common.seed;
    let context = Context {
        split: data::digits(data::DIGITS_SPLIT_SEED),
        seeds: (0..settings.seeds as u64).map(|i| first + i).collect(),
        epochs: settings.epochs,
        threads: settings.common.threads,
    };
    let chosen: Vec<&(u32, Check)> =
        CLAIMS.iter().filter(|(n, _)| settings.claims.is_empty() || settings.claims.contains(n)).collect();
    let mut claims = Vec::new();
    for (i, (number, check)) in chosen.iter().enumerate() {
        eprintln!("claim {number} ({} of {})", i + 1, chosen.len());
        let claim = check(&context)?;
        crate::print(&format!("{}\n", claim.to_text()))?;
        claims.push(claim);
    }
    let reproduction = Reproduction {
        settings: Settings {
            title: "Claims of \"Neglected Hessian component explains mysteries in sharpness regularization\", at small scale".into(),
            command: format!("quadric reproduce --seeds {} --epochs {} --seed {first}", settings.seeds, settings.epochs),
            seed: first,
            isa: Isa::get().name().to_string(),
            entries: vec![
                ("data".into(), "8x8 digits, 1437 training and 360 test examples".into()),
                ("exact claims".into(), format!("f64, {}", small::DESCRIPTION)),
                (
                    "claims about training".into(),
                    format!("64-32-32-10, SGD with Nesterov momentum 0.9, {} epochs of batches of 64, {} seeds", settings.epochs, settings.seeds),
                ),
            ],
        },
        claims,
        notes: vec!["Intervals are 95 % t-intervals over seeds; with few seeds they are wide, and a verdict says so.".into()],
    };
    files::replace_directory(&settings.common.out, &[("reproduce.md", reproduction.to_markdown())])?;
    eprintln!("written: {}", settings.common.out.join("reproduce.md").display());
    Ok(ExitCode::SUCCESS)
}

//! `quadric reproduce`: claims of the paper, each with its rule, its numbers and its verdict.
//!
//! A rule is a sentence that is fixed before anything is measured, and the code of the verdict says the same. What comes out is
//! what is reported: a null result at this scale is a result.

mod check;
mod claims;
mod small;
mod stats;
mod sweep;

use std::process::ExitCode;

use quadric::autodiff::exec::Isa;
use quadric::nn::data;
use quadric::nn::files;

use crate::args::settings::command;
use crate::args::{Reproduce, Train};
use crate::failure::Failure;
use crate::output;
use crate::report::{Reproduction, Settings};
use check::{Check, Context};

/// Checks the claims and writes `reproduce.md`.
pub fn run(settings: &Reproduce) -> Result<ExitCode, Failure> {
    if let Some(unknown) = settings.claims.iter().find(|n| !claims::ALL.iter().any(|c| c.number == **n)) {
        let known: Vec<String> = claims::ALL.iter().map(|c| c.number.to_string()).collect();
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
    let is_chosen = |c: &&Check| settings.claims.is_empty() || settings.claims.contains(&c.number);
    let chosen: Vec<&Check> = claims::ALL.iter().filter(is_chosen).collect();
    let mut claims = Vec::new();
    for (i, check) in chosen.iter().enumerate() {
        eprintln!("claim {} ({} of {})", check.number, i + 1, chosen.len());
        let claim = check.check(&context)?;
        output::print(&format!("{}\n", claim.to_text()))?;
        claims.push(claim);
    }
    let reproduction = Reproduction {
        settings: Settings {
            title: "Claims of \"Neglected Hessian component explains mysteries in sharpness regularization\", at small scale".into(),
            command: command("reproduce", &settings.told()),
            seed: first,
            isa: Isa::get().name().to_string(),
            entries: vec![
                ("data".into(), "8x8 digits, 1437 training and 360 test examples".into()),
                ("exact claims".into(), format!("f64, {}", small::DESCRIPTION)),
                (
                    "claims about training".into(),
                    // The main job's settings: what `sweep::training` takes.
                    {
                        let Train { hidden, momentum, batch, .. } = Train::default();
                        let sizes: Vec<String> = [&[64][..], &hidden, &[10]].concat().iter().map(usize::to_string).collect();
                        let (sizes, epochs, seeds) = (sizes.join("-"), settings.epochs, settings.seeds);
                        format!("{sizes}, SGD with Nesterov momentum {momentum}, {epochs} epochs of batches of {batch}, {seeds} seeds")
                    },
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

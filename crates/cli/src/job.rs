//! The main job: train, measure along the way, report.

use std::process::ExitCode;
use std::time::Instant;

use quadric::autodiff::exec::Isa;
use quadric::nn::files;

use crate::args::Train;
use crate::failure::Failure;
use crate::measure::Measurer;
use crate::report::{Progress, Report, Settings};
use crate::train::{Evaluator, Recipe, Training, load};

/// Examples that the curvature is measured on unless told otherwise.
const MEASURE_ON: usize = 2048;

/// Runs one training and writes its report.
pub fn run(args: &Train) -> Result<ExitCode, Failure> {
    let split = load(&args.data)?;
    files::check_replaceable(&args.common.out).map_err(Failure::input)?;
    let recipe = recipe(args);
    let threads = args.common.threads;
    let started = Instant::now();
    let mut times: Vec<(String, f64)> = Vec::new();

    let mut training = Training::new(&recipe, &split.train, threads);
    let count = args.measure_on.unwrap_or(MEASURE_ON).min(split.train.len());
    let measured = split.train.subset(&split.train.name, &(0..count).collect::<Vec<_>>());
    let mut measurer = Measurer::new(&training.model, &measured, recipe.weight_decay, recipe.seed, threads)?;
    let mut train_set = Evaluator::new(&split.train, threads);
    let mut test_set = Evaluator::new(&split.test, threads);
    let total = training.total();
    let moments: Vec<usize> = (0..args.measurements).map(|i| total * i / (args.measurements - 1)).collect();
    let spectra_at = [moments[0], moments[args.measurements / 2], total];
    let mut progress = Progress::new(total as u64);
    times.push(("data, first trace".into(), started.elapsed().as_secs_f64()));

    let mut report = Report {
        settings: settings(args, &recipe, &split.train.name, (split.train.len(), split.test.len()), count),
        measurements: vec![],
        spectra: vec![],
        notes: notes(args, count, split.train.len()),
        diverged: None,
    };
    let (mut in_steps, mut in_measurements) = (0.0, 0.0);
    loop {
        if moments.contains(&training.done) || report.diverged.is_some() {
            let begun = Instant::now();
            progress.say(&format!("measuring the curvature at step {}", training.done));
            let mut row = measurer.measure(&training.model, training.done as u64, training.epoch())?;
            (row.train_loss, row.train_accuracy) = train_set.measure(&training.model)?;
            (row.test_loss, row.test_accuracy) = test_set.measure(&training.model)?;
            report.measurements.push(row);
            if spectra_at.contains(&training.done) && report.diverged.is_none() {
                report.spectra.push(measurer.spectra(training.done as u64, training.epoch())?);
            }
            in_measurements += begun.elapsed().as_secs_f64();
        }
        if training.done == total || report.diverged.is_some() {
            break;
        }
        let begun = Instant::now();
        match training.step()? {
            Ok(loss) => progress.at(training.done as u64, loss),
            Err(diverged) => report.diverged = Some((diverged.step as u64, diverged.why)),
        }
        in_steps += begun.elapsed().as_secs_f64();
    }
    progress.finish(if report.diverged.is_some() { "diverged" } else { "trained" });
    times.push((format!("{} training steps", training.done), in_steps));
    times.push((format!("{} measurements", report.measurements.len()), in_measurements));
    times.push(("all".into(), started.elapsed().as_secs_f64()));

    let mut out: Vec<(&str, String)> = report.to_files();
    out.push(("times.txt", times.iter().map(|(what, s)| format!("{s:8.2} s  {what}\n")).collect()));
    files::replace_directory(&args.common.out, &out)?;
    crate::print(&report.to_table())?;
    eprintln!("report: {}", args.common.out.join("report.html").display());
    Ok(if report.diverged.is_some() { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn recipe(args: &Train) -> Recipe {
    Recipe {
        method: args.regularizer,
        strength: args.rho.unwrap_or_else(|| args.regularizer.default_strength()),
        activation: args.activation,
        hidden: args.hidden.clone(),
        epochs: args.epochs,
        batch: args.batch,
        rate: args.rate,
        momentum: args.momentum,
        weight_decay: args.weight_decay,
        dtype: args.dtype,
        seed: args.common.seed,
    }
}

fn settings(args: &Train, recipe: &Recipe, data: &str, (train, test): (usize, usize), measured: usize) -> Settings {
    let sizes = recipe.hidden.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
    let method = match recipe.method.strength_name() {
        Some(name) => format!("{}, {name} = {}", recipe.method, recipe.strength),
        None => recipe.method.to_string(),
    };
    let entries = [
        ("data", format!("{data}, {train} training and {test} test examples")),
        ("network", format!("dense, hidden layers {sizes}, {}", recipe.activation)),
        ("regularizer", method),
        (
            "optimizer",
            format!("SGD, Nesterov momentum {}, rate {} falling along a cosine", recipe.momentum, recipe.rate),
        ),
        ("weight decay", recipe.weight_decay.to_string()),
        ("steps", format!("{} epochs of batches of {}", recipe.epochs, recipe.batch)),
        ("numbers", format!("{} for training, f64 for measuring", recipe.dtype)),
        ("curvature of", format!("the mean loss over {measured} training examples")),
        ("loss", "mean softmax cross-entropy".to_string()),
    ];
    let title = format!("Curvature along training: {}, {}", recipe.activation, recipe.method);
    Settings {
        title,
        command: command(args),
        seed: recipe.seed,
        isa: Isa::get().name().to_string(),
        entries: entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
    }
}

/// The command that gives these numbers again; threads and folder change none of them.
fn command(args: &Train) -> String {
    let hidden = args.hidden.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let mut text = format!(
        "quadric train --regularizer {} --activation {} --hidden {hidden} --epochs {} --batch {} --rate {} --momentum {} --data {} \
         --measurements {} --dtype {} --seed {}",
        args.regularizer,
        args.activation,
        args.epochs,
        args.batch,
        args.rate,
        args.momentum,
        args.data,
        args.measurements,
        args.dtype,
        args.common.seed,
    );
    if let Some(rho) = args.rho {
        text += &format!(" --rho {rho}");
    }
    if args.weight_decay != 0.0 {
        text += &format!(" --weight-decay {}", args.weight_decay);
    }
    if let Some(n) = args.measure_on {
        text += &format!(" --measure-on {n}");
    }
    text
}

fn notes(args: &Train, measured: usize, all: usize) -> Vec<String> {
    let mut notes = vec![
        "The check is the relative difference of Hv and Gv + Nv for a random v, three products compiled on their own."
            .to_string(),
        "H, G and N are exact products from frozen residuals; traces are Hutchinson estimates with standard errors."
            .to_string(),
    ];
    if args.weight_decay != 0.0 {
        notes.push("Weight decay is in the loss: H = G + N + R with R = c I, and the check includes R.".into());
    }
    if measured < all {
        notes
            .push(format!("Curvature and gradient norm are those of the first {measured} of {all} training examples."));
    }
    notes
}

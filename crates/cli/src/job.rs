//! The main job: train, measure along the way, report.

use std::process::ExitCode;
use std::time::Instant;

use quadric::autodiff::exec::Isa;
use quadric::nn::files;

use crate::args::Train;
use crate::args::settings::command;
use crate::failure::Failure;
use crate::measure::Measurer;
use crate::output;
use crate::report::{Progress, Report, Settings};
use crate::train::{Evaluator, Training, load};

/// Examples that the curvature is measured on unless told otherwise.
const MEASURE_ON: usize = 2048;

/// Runs one training and writes its report.
pub fn run(args: &Train) -> Result<ExitCode, Failure> {
    let split = load(&args.data)?;
    files::check_replaceable(&args.common.out).map_err(Failure::input)?;
    let threads = args.common.threads;
    let started = Instant::now();
    let mut times: Vec<(String, f64)> = Vec::new();

    let mut training = Training::new(args, &split.train, threads);
    let count = args.measure_on.unwrap_or(MEASURE_ON).min(split.train.len());
    let measured = split.train.subset(&split.train.name, &(0..count).collect::<Vec<_>>())?;
    let mut measurer = Measurer::new(&training.model, &measured, args.weight_decay, args.common.seed, threads)?;
    let mut train_set = Evaluator::new(&split.train, threads)?;
    let mut test_set = Evaluator::new(&split.test, threads)?;
    let total = training.total();
    let moments: Vec<usize> = (0..args.measurements).map(|i| total * i / (args.measurements - 1)).collect();
    let spectra_at = [moments[0], moments[args.measurements / 2], total];
    let mut progress = Progress::new(total as u64);
    times.push(("data, first trace".into(), started.elapsed().as_secs_f64()));

    let mut report = Report {
        settings: settings(args, &split.train.name, (split.train.len(), split.test.len()), count),
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
    output::print(&report.to_table())?;
    eprintln!("report: {}", args.common.out.join("report.html").display());
    Ok(if report.diverged.is_some() { ExitCode::from(3) } else { ExitCode::SUCCESS })
}

fn settings(args: &Train, data: &str, (train, test): (usize, usize), measured: usize) -> Settings {
    let sizes = args.hidden.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
    let method = match args.regularizer.strength_name() {
        Some(name) => format!("{}, {name} = {}", args.regularizer, args.strength()),
        None => args.regularizer.to_string(),
    };
    let told = args.told();
    let mut entries = vec![
        ("data", format!("{data}, {train} training and {test} test examples")),
        ("network", format!("dense, hidden layers {sizes}, {}", args.activation)),
        ("regularizer", method),
        ("optimizer", format!("SGD, Nesterov momentum {}, rate {} falling along a cosine", args.momentum, args.rate)),
    ];
    entries.extend(told.iter().filter_map(|t| Some((t.line?, t.value.clone()?))));
    entries.extend([
        ("steps", format!("{} epochs of batches of {}", args.epochs, args.batch)),
        ("numbers", format!("{} for training, f64 for measuring", args.dtype)),
        ("curvature of", format!("the mean loss over {measured} training examples")),
        ("loss", "mean softmax cross-entropy".to_string()),
    ]);
    Settings {
        title: format!("Curvature along training: {}, {}", args.activation, args.regularizer),
        command: command("train", &told),
        seed: args.common.seed,
        isa: Isa::get().name().to_string(),
        entries: entries.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
    }
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

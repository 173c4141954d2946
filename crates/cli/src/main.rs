//! The `quadric` program: train, reproduce, explain.
//!
//! Standard output and the files of a report are results: the same seed gives the same bytes, on any number of threads.
//! Times and progress go to standard error and to `times.txt`.

mod args;
mod explain;
mod failure;
mod job;
mod measure;
mod output;
mod report;
mod reproduce;
mod train;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use failure::Failure;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => job::run(&cli.train),
        Some(Command::Train(train)) => job::run(&train),
        Some(Command::Reproduce(settings)) => reproduce::run(&settings),
        Some(Command::Explain(settings)) => explain::explain(&settings.expression, &settings.shape, settings.plan)
            .map_err(Failure::Input)
            .and_then(|text| output::print(&text)),
    };
    match done {
        Ok(code) => code,
        Err(Failure::Input(sentence)) => {
            eprintln!("error: {sentence}");
            ExitCode::from(2)
        }
        Err(Failure::Other(sentence)) => {
            eprintln!("error: {sentence}");
            ExitCode::from(1)
        }
    }
}

//! The workloads of the peers on Quadric, timed as the peers are, so that a line of theirs and one of ours can be divided.
//!
//! ```text
//! cargo run --release -p quadric-benches -- W2-mlp-mnist --threads 1 --dtype f32 --budget 15 --out quadric.jsonl
//! cargo run --release -p quadric-benches -- W2-mlp-mnist --beside jax --peers DIR --inputs DIR --out both.jsonl
//! cargo run --release -p quadric-benches -- --compare both.jsonl
//! ```
//!
//! One process is one (workload, dtype, threads). It draws its inputs from a seed; given the peers' own, it checks loss and gradient
//! against the values stored in them before it times anything. It writes a JSON line a quantity. `--beside` runs ours and a peer's
//! in turn, because a machine's speed drifts from minute to minute, and prints the ratios.

/// A line for a reader who may leave: a closed pipe must not stop a measurement.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod args;
mod compare;
mod inputs;
mod machine;
mod models;
mod quantities;
mod timing;
mod workload;

use std::path::Path;
use std::process::{Command, ExitCode};

use args::{Cli, Settings};
use clap::Parser;
use inputs::Inputs;
use workload::Workload;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match (&cli.workload, &cli.beside) {
        (None, _) => compare::print(&cli.compare),
        (Some(workload), None) => measure(workload, &cli.settings),
        (Some(workload), Some(peer)) => beside(workload, &cli, peer),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("quadric-benches: {sentence}");
            ExitCode::from(2)
        }
    }
}

/// Times this process's workload.
fn measure(workload: &Workload, settings: &Settings) -> Result<(), String> {
    machine::pin(settings.threads, settings.core)?;
    // Rayon asks for as many threads as it may run on; a program takes no more than it is told.
    quadric_autodiff::exec::set_default_threads(settings.threads);
    let inputs = match &settings.inputs {
        Some(folder) => Inputs::read(workload, folder, settings.dtype)?,
        None => Inputs::draw(workload, settings.seed, settings.dtype),
    };
    let mut quantities = models::quantities(workload, &inputs)?;
    quantities.retain(|q| settings.only.is_empty() || settings.only.iter().any(|name| name == q.name));
    if quantities.is_empty() {
        return Err(format!("--only {}: {workload} has none of these quantities", settings.only.join(",")));
    }
    timing::measure(quantities, workload, settings)
}

/// Runs ours and a peer's in turn, each in a process of its own, and prints the ratios.
fn beside(workload: &Workload, cli: &Cli, peer: &str) -> Result<(), String> {
    let settings = &cli.settings;
    let needed = "a peer is run with a folder of inputs, of its bench.py, and a file";
    let (inputs, peers) = (settings.inputs.as_deref().expect(needed), cli.peers.as_deref().expect(needed));
    let out = settings.out.as_deref().expect(needed);
    let only = if settings.only.is_empty() { quantities::NAMES.join(",") } else { settings.only.join(",") };
    let run = |program: &Path, before: &[&Path], after: &[&Path]| {
        let mut command = Command::new(program);
        command.args(before).arg(workload.name).args(["--only", &only]).arg("--out").arg(out).args(after);
        command.args(["--threads", &settings.threads.to_string(), "--dtype", settings.dtype.name()]);
        command.args(["--budget", &settings.budget.to_string()]);
        if let Some(core) = settings.core {
            command.args(["--core", &core.to_string()]);
        }
        let status = command.status().map_err(|e| format!("{} does not start: {e}", program.display()))?;
        if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", program.display())) }
    };
    let ours = std::env::current_exe().map_err(|e| format!("this program does not know where it is: {e}"))?;
    for round in 1..=cli.rounds {
        say!("round {round} of {}", cli.rounds);
        run(&ours, &[], &["--inputs".as_ref(), inputs])?;
        run(&cli.python, &[&peers.join("bench.py"), peer.as_ref()], &[])?;
    }
    compare::print(std::slice::from_ref(&out.to_path_buf()))
}

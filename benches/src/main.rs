//! The workloads of the peers on Quadric, timed as the peers are, so that a line of theirs and one of ours can be divided.
//!
//! ```text
//! cargo run --release -p quadric-benches -- W2-mlp-mnist --threads 1 --dtype f32 --budget 15 --out ours.jsonl
//! cargo run --release -p quadric-benches -- W2-mlp-mnist --beside jax --rounds 3 --out both.jsonl
//! cargo run --release -p quadric-benches -- --compare both.jsonl
//! ```
//!
//! One process is one (workload, dtype, threads); it reads the inputs that the peers' `setup.sh` has written, checks loss and
//! gradient against the reference values in them before it times anything, and appends a JSON line a quantity. `--beside` runs
//! ours and a peer's in turn, because the machine's mood changes by the minute, and prints the ratios.

/// `println!` for a reader who may leave: a closed pipe must not stop a measurement.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

mod args;
mod compare;
mod inputs;
mod machine;
mod models;
mod quantities;
mod timing;

use std::process::{Command, ExitCode};

use args::{Args, Mode};
use inputs::Inputs;

fn main() -> ExitCode {
    let done = args::parse(std::env::args().skip(1)).and_then(|mode| match mode {
        Mode::Help => {
            say!("{}", args::HELP.trim_end());
            Ok(())
        }
        Mode::Compare(files) => compare::print(&files),
        Mode::Measure(args) => measure(&args),
        Mode::Beside { args, peer, rounds } => beside(&args, &peer, rounds),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("quadric-benches: {sentence}");
            ExitCode::from(2)
        }
    }
}

/// Times this process's workload.
fn measure(args: &Args) -> Result<(), String> {
    machine::pin(args.threads, args.core)?;
    // Rayon asks for as many threads as it may run on; a program takes no more than it is told.
    quadric_autodiff::exec::set_default_threads(args.threads);
    let inputs = Inputs::read(&args.workload, args.dtype)?;
    let mut quantities = models::quantities(&args.workload, &inputs)?;
    quantities.retain(|q| args.only.is_empty() || args.only.iter().any(|name| name == q.name));
    if quantities.is_empty() {
        return Err(format!("--only {}: {} has none of these quantities", args.only.join(","), args.workload));
    }
    timing::measure(quantities, args)
}

/// Runs ours and a peer's in turn, each in a process of its own, and prints the ratios.
fn beside(args: &Args, peer: &str, rounds: usize) -> Result<(), String> {
    let python = inputs::peers_home().join("venv/bin/python");
    let ours = std::env::current_exe().map_err(|e| format!("this program does not know where it is: {e}"))?;
    let only = if args.only.is_empty() { quantities::NAMES.join(",") } else { args.only.join(",") };
    for round in 1..=rounds {
        say!("round {round} of {rounds}");
        for (program, first) in [(&ours, None), (&python, Some(peer))] {
            let mut command = Command::new(program);
            if let Some(peer) = first {
                command.arg(args.peers.join("bench.py")).arg(peer);
            }
            command.arg(&args.workload).args(["--only", &only]).arg("--out").arg(&args.out);
            command.args(["--threads", &args.threads.to_string(), "--core", &args.core.to_string()]);
            command.args(["--dtype", args.dtype.name(), "--budget", &args.budget.to_string()]);
            let status = command.status().map_err(|e| format!("{} does not start: {e}", program.display()))?;
            if !status.success() {
                return Err(format!("{} ended with {status}", program.display()));
            }
        }
    }
    compare::print(std::slice::from_ref(&args.out))
}

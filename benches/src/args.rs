//! The command line.

use std::path::PathBuf;

use clap::Parser;
use clap::builder::PossibleValuesParser;
use quadric_autodiff::DType;

use crate::quantities::NAMES;
use crate::workload::{self, Workload};

/// Times Quadric on the workloads of the peers.
///
/// The inputs are drawn from a seed. To compare with a peer, give the peers' own inputs (--inputs): loss and gradient are then
/// checked against the values stored in them before anything is timed.
#[derive(Parser, Debug)]
#[command(name = "quadric-benches", version, arg_required_else_help = true)]
pub struct Cli {
    /// What to time: W1-mlp-small-tanh, W1-mlp-small-gelu, W2-mlp-mnist, W3-mlp-wide, W5-rosenbrock100
    #[arg(value_parser = one_of_all, required_unless_present = "compare")]
    pub workload: Option<&'static Workload>,
    #[command(flatten)]
    pub settings: Settings,
    /// Runs this peer in turn with Quadric and prints the ratios
    #[arg(long, value_parser = ["jax", "torch", "torch-compile"], requires_all = ["peers", "inputs", "out"])]
    pub beside: Option<String>,
    /// How often both are run
    #[arg(long, default_value = "3", value_parser = positive, requires = "beside")]
    pub rounds: usize,
    /// The folder of the peers' bench.py
    #[arg(long, value_name = "DIR", requires = "beside")]
    pub peers: Option<PathBuf>,
    /// The Python that has the peers installed
    #[arg(long, value_name = "PROGRAM", default_value = "python3", requires = "beside")]
    pub python: PathBuf,
    /// Prints the ratios of Quadric to every peer in these files, and times nothing
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "workload")]
    pub compare: Vec<PathBuf>,
}

/// How a workload is timed.
#[derive(clap::Args, Clone, Debug)]
pub struct Settings {
    /// Threads; one is pinned to --core, more to the first cores
    #[arg(long, value_name = "N", default_value = "1", value_parser = positive)]
    pub threads: usize,
    /// The core of a single thread [default: 1, where there is one]
    #[arg(long, value_name = "N")]
    pub core: Option<usize>,
    /// f32 or f64
    #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = float)]
    pub dtype: DType,
    /// Seconds of timing
    #[arg(long, value_name = "SECONDS", default_value = "15", value_parser = seconds)]
    pub budget: f64,
    /// Some of the quantities [default: all]
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',', value_parser = PossibleValuesParser::new(NAMES))]
    pub only: Vec<String>,
    /// A file that JSON lines are appended to [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The folder of the peers' inputs, WORKLOAD.safetensors [default: inputs are drawn from --seed]
    #[arg(long, value_name = "DIR")]
    pub inputs: Option<PathBuf>,
    /// Seed of the inputs
    #[arg(long, value_name = "N", default_value = "0", conflicts_with = "inputs")]
    pub seed: u64,
}

fn one_of_all(name: &str) -> Result<&'static Workload, String> {
    workload::ALL.iter().find(|w| w.name == name).ok_or_else(|| {
        let names: Vec<&str> = workload::ALL.iter().map(|w| w.name).collect();
        format!("there is no such workload; there are {}", names.join(", "))
    })
}

fn float(text: &str) -> Result<DType, String> {
    DType::from_name(text).filter(|d| d.is_float()).ok_or_else(|| "f32 or f64 is needed".into())
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|s: &f64| s.is_finite() && *s > 0.0);
    seconds.ok_or_else(|| "a positive number of seconds is needed".into())
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "a whole number from 1 on is needed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Cli, String> {
        let words = std::iter::once("quadric-benches").chain(words.split_whitespace());
        Cli::try_parse_from(words).map_err(|e| e.to_string())
    }

    #[test]
    fn a_workload_is_enough() {
        let cli = parse("W2-mlp-mnist").unwrap();
        assert_eq!(cli.workload.unwrap().name, "W2-mlp-mnist");
        assert!(cli.settings.inputs.is_none() && cli.settings.out.is_none() && cli.settings.core.is_none());
    }

    #[test]
    fn the_help_lists_every_workload() {
        let help = <Cli as clap::CommandFactory>::command().render_help().to_string();
        for workload in &workload::ALL {
            assert!(help.contains(workload.name), "{workload}");
        }
    }

    #[test]
    fn a_peer_is_run_on_its_own_inputs() {
        assert!(parse("W2-mlp-mnist --beside jax --peers p --out o.jsonl").unwrap_err().contains("--inputs <DIR>"));
        assert!(parse("W2-mlp-mnist --beside jax --inputs i --out o.jsonl").unwrap_err().contains("--peers <DIR>"));
        assert!(parse("W2-mlp-mnist --beside jax --peers p --inputs i --out o.jsonl").is_ok());
        assert!(parse("--compare a.jsonl b.jsonl").is_ok());
    }

    #[test]
    fn mistakes_are_named() {
        for (words, sentence) in [
            ("W9", "there is no such workload; there are W1-mlp-small-tanh"),
            ("W2-mlp-mnist --dtype i32", "f32 or f64 is needed"),
            ("W2-mlp-mnist --budget -1", "unexpected argument '-1'"),
            ("W2-mlp-mnist --budget=0", "a positive number of seconds is needed"),
            ("W2-mlp-mnist --threads 0", "a whole number from 1 on is needed"),
            ("W2-mlp-mnist --only grad,grade", "'grade' for '--only"),
        ] {
            let error = parse(words).unwrap_err();
            assert!(error.contains(sentence), "{words}: {error}");
        }
    }
}

//! The command line.

use std::path::PathBuf;

use quadric_autodiff::DType;

pub const HELP: &str = "\
Times Quadric on the workloads of the peers.

    quadric-benches WORKLOAD [--threads N] [--dtype f32|f64] [--budget SECONDS] [--only a,b] [--core N] [--out FILE]
    quadric-benches WORKLOAD … --beside jax|torch|torch-compile [--rounds N] [--peers DIR] --out FILE
    quadric-benches --compare FILE…

WORKLOAD  W1-mlp-small-tanh, W1-mlp-small-gelu, W2-mlp-mnist, W3-mlp-wide, W5-rosenbrock100
--threads Threads (1); one is pinned to --core (1), more to the first cores
--dtype   f32 (default) or f64
--budget  Seconds of timing (15)
--only    Some of loss grad hvp hvp_amortized ggnvp nmevp sgd_step sam_step gp_step_fwd tracepen_fwd hessian
--out     A file that JSON lines are appended to (standard output)
--beside  Runs a peer in turn with Quadric, --rounds times (3), and prints the ratios
--peers   Where the peers' bench.py is (../shared/peers)
--compare Prints the ratios of Quadric to every peer in these files

The inputs are read from $PEERS_HOME/data (default ~/.cache/quadric-peers/data); the peers' setup.sh writes them.
";

pub const WORKLOADS: [&str; 5] =
    ["W1-mlp-small-tanh", "W1-mlp-small-gelu", "W2-mlp-mnist", "W3-mlp-wide", "W5-rosenbrock100"];

/// One of the float types that are timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Float(pub DType);

impl Float {
    pub fn name(self) -> &'static str {
        if self.0 == DType::F64 { "f64" } else { "f32" }
    }
}

pub struct Args {
    pub workload: String,
    pub threads: usize,
    pub dtype: Float,
    pub budget: f64,
    pub only: Vec<String>,
    pub out: PathBuf,
    pub core: usize,
    pub peers: PathBuf,
}

pub enum Mode {
    Help,
    Measure(Args),
    Beside { args: Args, peer: String, rounds: usize },
    Compare(Vec<PathBuf>),
}

pub fn parse(words: impl Iterator<Item = String>) -> Result<Mode, String> {
    let mut args = Args {
        workload: String::new(),
        threads: 1,
        dtype: Float(DType::F32),
        budget: 15.0,
        only: Vec::new(),
        out: "/dev/stdout".into(),
        core: 1,
        peers: "../shared/peers".into(),
    };
    let (mut peer, mut rounds) = (None, 3);
    let mut words = words.peekable();
    if words.peek().is_none() {
        return Ok(Mode::Help);
    }
    while let Some(word) = words.next() {
        if word == "--help" || word == "-h" {
            return Ok(Mode::Help);
        }
        if word == "--compare" {
            let files: Vec<PathBuf> = words.map(PathBuf::from).collect();
            return if files.is_empty() { Err("--compare needs a file".into()) } else { Ok(Mode::Compare(files)) };
        }
        if !word.starts_with("--") {
            if !args.workload.is_empty() {
                return Err(format!("one workload at a time: {} and {word}", args.workload));
            }
            if !WORKLOADS.contains(&word.as_str()) {
                return Err(format!("there is no workload {word}; there are {}", WORKLOADS.join(", ")));
            }
            args.workload = word;
            continue;
        }
        const OPTIONS: [&str; 9] = ["threads", "core", "rounds", "dtype", "budget", "only", "out", "peers", "beside"];
        if !OPTIONS.contains(&&word[2..]) {
            return Err(format!("there is no option {word}; --help lists them"));
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        match &word[2..] {
            "threads" => args.threads = count(&word, &value)?,
            "core" => args.core = value.parse().map_err(|_| format!("--core {value}: a core is a number from 0"))?,
            "rounds" => rounds = count(&word, &value)?,
            "dtype" => {
                args.dtype = match value.as_str() {
                    "f32" => Float(DType::F32),
                    "f64" => Float(DType::F64),
                    _ => return Err(format!("--dtype {value}: there are f32 and f64")),
                }
            }
            "budget" => {
                args.budget = value
                    .parse()
                    .ok()
                    .filter(|b: &f64| b.is_finite() && *b > 0.0)
                    .ok_or_else(|| format!("--budget {value}: seconds are a positive number"))?;
            }
            "only" => {
                args.only = value.split(',').map(String::from).collect();
                if let Some(name) = args.only.iter().find(|n| !crate::quantities::NAMES.contains(&n.as_str())) {
                    let names = crate::quantities::NAMES.join(", ");
                    return Err(format!("--only {value}: there is no quantity {name}; there are {names}"));
                }
            }
            "out" => args.out = value.into(),
            "peers" => args.peers = value.into(),
            _ => {
                if !["jax", "torch", "torch-compile"].contains(&value.as_str()) {
                    return Err(format!("--beside {value}: the peers are jax, torch and torch-compile"));
                }
                peer = Some(value);
            }
        }
    }
    if args.workload.is_empty() {
        return Err(format!("which workload? There are {}", WORKLOADS.join(", ")));
    }
    match peer {
        None => Ok(Mode::Measure(args)),
        Some(_) if args.out.starts_with("/dev") => Err("--beside needs --out FILE, which both append to".into()),
        Some(peer) => Ok(Mode::Beside { args, peer, rounds }),
    }
}

fn count(word: &str, value: &str) -> Result<usize, String> {
    value.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("{word} {value}: a whole number from 1 is needed"))
}

//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use quadric::autodiff::DType;
use quadric::nn::Activation;
use quadric::regularization::Method;

/// Trains a small network and measures its curvature exactly: the Hessian H, its Gauss-Newton part G, and what is left,
/// the nonlinear modeling error N (H = G + N). Without a command: the main job, a GELU network on the embedded digits.
#[derive(Parser, Debug)]
#[command(name = "quadric", version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do; without a command, `train` with its defaults.
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub train: Train,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Trains a network with a regularizer and measures its curvature along the way.
    ///
    /// Prints a table and writes a folder with report.html (plots; open it in a browser), measurements.csv, spectra.csv and
    /// times.txt. The same seed gives the same bytes in all of them but times.txt, on any number of threads.
    ///
    /// Exit codes: 0 done, 1 an error while running, 2 bad input (nothing was written), 3 the run diverged (the report says where).
    #[command(after_help = TEACHING)]
    Train(Train),
    /// Checks claims of "Neglected Hessian component explains mysteries in sharpness regularization" on the digits.
    ///
    /// Every claim has a rule, stated before it is measured, that turns its numbers into a verdict: reproduced, not seen at this
    /// scale, contradicted, or inconclusive. Writes reproduce.md.
    Reproduce(Reproduce),
    /// Prints the tape of an expression, its jvp, its vjp, and the jvp of the vjp, each line beside the piece it comes from.
    ///
    /// Example: quadric explain 'sum(sin(x) * y)'
    Explain(Explain),
}

const TEACHING: &str = "\
What the regularizers follow, with g the gradient, g' = g/|g| and H = G + N (--rho is the strength of each):
  sgd            g
  sam            the gradient at w + rho g' (Foret 2020); asam scales the step by |w| (Kwon 2021)
  psam           g + rho H g', the gradient of L + rho |g|: SAM's penalty made exact
  psam-gn        g + rho G g', the same without the nonlinear modeling error
  psam-nme       g + rho N g', the nonlinear modeling error alone
  weight-noise   the gradient at w + e, e ~ N(0, rho^2): to second order L + (rho^2/2) tr H
  hessian-trace  the gradient of L + rho v'Hv, v random: a third-order derivative
  gn-trace       the gradient of L + rho v'Gv

Examples:
  quadric train --regularizer psam --rho 0.1 --activation gelu-ablated --epochs 20
  quadric train --regularizer hessian-trace:2 --rho 0.001 --data mnist1d:path/to/mnist1d";

/// Settings of a training run.
#[derive(Args, Clone, Debug)]
pub struct Train {
    /// What the optimizer follows instead of the gradient: sgd, sam, asam, psam, psam-gn, psam-nme, weight-noise, hessian-trace, gn-trace, …
    #[arg(long, value_name = "NAME", default_value = "sgd", value_parser = parse::<Method>)]
    pub regularizer: Method,
    /// The regularizer's strength: ρ of the SAM family, σ of weight noise, λ of the penalties [default: the method's own]
    #[arg(long, value_name = "NUMBER", value_parser = strength)]
    pub rho: Option<f64>,
    /// relu, leaky-relu, gelu, beta-gelu:β, gelu-ablated, relu-synthetic, silu, tanh, softplus, …
    #[arg(long, value_name = "NAME", default_value = "gelu", value_parser = parse::<Activation>)]
    pub activation: Activation,
    /// Sizes of the hidden layers.
    #[arg(long, value_name = "N,N", default_value = "32,32", value_delimiter = ',', value_parser = positive)]
    pub hidden: Vec<usize>,
    /// Passes over the training data.
    #[arg(long, value_name = "N", default_value = "30", value_parser = positive)]
    pub epochs: usize,
    /// Examples in a step.
    #[arg(long, value_name = "N", default_value = "64", value_parser = positive)]
    pub batch: usize,
    /// The learning rate at the start; it falls to 0 along a cosine.
    #[arg(long, value_name = "NUMBER", default_value = "0.05", value_parser = rate)]
    pub rate: f64,
    /// Momentum of the optimizer (Nesterov's).
    #[arg(long, value_name = "NUMBER", default_value = "0.9", value_parser = fraction)]
    pub momentum: f64,
    /// Weight decay c: (c/2)|w|^2 is part of the loss, and of the Hessian's remainder R.
    #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = strength)]
    pub weight_decay: f64,
    /// digits (embedded), mnist1d:FOLDER (npy), or idx:FOLDER (MNIST-like, gzipped or not).
    #[arg(long, value_name = "DATA", default_value = "digits")]
    pub data: String,
    /// At how many moments the curvature is measured, start and end included.
    #[arg(long, value_name = "N", default_value = "7", value_parser = at_least_two)]
    pub measurements: usize,
    /// Examples of the training set that the curvature is measured on [default: all, 2048 at most]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub measure_on: Option<usize>,
    /// Number type of the training; the curvature is always measured in f64.
    #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = dtype)]
    pub dtype: DType,
    #[command(flatten)]
    pub common: Common,
}

/// Settings that every job has.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Seed of initial weights, order of examples, noise and probes.
    #[arg(long, value_name = "N", default_value = "0")]
    pub seed: u64,
    /// Threads; changes no byte of any result [default: all cores]
    #[arg(long, value_name = "N", value_parser = positive)]
    pub threads: Option<usize>,
    /// The folder for the report; replaced as a whole, at the end.
    #[arg(long, value_name = "DIR", default_value = "quadric-report")]
    pub out: PathBuf,
}

/// Settings of `reproduce`.
#[derive(Args, Clone, Debug)]
pub struct Reproduce {
    /// Only these claims, by number.
    #[arg(long, value_name = "N,N", value_delimiter = ',')]
    pub claims: Vec<u32>,
    /// Seeds of the claims about training.
    #[arg(long, value_name = "N", default_value = "3", value_parser = at_least_two)]
    pub seeds: usize,
    /// Passes over the training data in each run.
    #[arg(long, value_name = "N", default_value = "20", value_parser = positive)]
    pub epochs: usize,
    #[command(flatten)]
    pub common: Common,
}

/// Settings of `explain`.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    /// For example 'sum(sin(x) * y)'. Names are variables; functions: sin cos exp log tanh erf sqrt abs logistic relu sum mean max min pow matmul cut.
    pub expression: String,
    /// The shape of a variable, as in x=2,3 (a scalar: x=); a vector of 3 unless told.
    #[arg(long, value_name = "NAME=SIZES", value_parser = shape)]
    pub shape: Vec<(String, Vec<usize>)>,
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, String> {
    text.parse::<T>().map_err(|e| e.to_string())
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        Ok(_) => Err("a finite number is needed".into()),
        Err(_) => Err("a number is needed".into()),
    }
}

fn strength(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x >= 0.0 { Ok(x) } else { Err("a number from 0 on is needed".into()) })
}

fn rate(text: &str) -> Result<f64, String> {
    number(text).and_then(|x| if x > 0.0 { Ok(x) } else { Err("a number above 0 is needed".into()) })
}

fn fraction(text: &str) -> Result<f64, String> {
    number(text)
        .and_then(|x| if (0.0..1.0).contains(&x) { Ok(x) } else { Err("a number from 0 to below 1 is needed".into()) })
}

fn positive(text: &str) -> Result<usize, String> {
    text.parse::<usize>().ok().filter(|n| *n > 0).ok_or_else(|| "a whole number from 1 on is needed".into())
}

fn at_least_two(text: &str) -> Result<usize, String> {
    text.parse::<usize>().ok().filter(|n| *n > 1).ok_or_else(|| "a whole number from 2 on is needed".into())
}

fn dtype(text: &str) -> Result<DType, String> {
    DType::from_name(text).filter(|d| d.is_float()).ok_or_else(|| "f32 or f64 is needed".into())
}

fn shape(text: &str) -> Result<(String, Vec<usize>), String> {
    let (name, sizes) = text.split_once('=').ok_or("NAME=SIZES is needed, as in x=2,3")?;
    let sizes = sizes.split(',').filter(|s| !s.is_empty());
    let sizes = sizes.map(|s| s.trim().parse().map_err(|_| format!("`{s}` is no size"))).collect::<Result<_, _>>()?;
    Ok((name.trim().to_string(), sizes))
}

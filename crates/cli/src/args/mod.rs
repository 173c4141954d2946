//! The command line: every setting is declared here, and only here.

pub mod settings;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use quadric::autodiff::DType;
use quadric::nn::Activation;
use quadric::regularization::Method;

use crate::explain;
use settings::settings;
use values::{at_least_two, dtype, fraction, parse, positive, rate, shape, strength};

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
    /// With --plan also the plan of each: what is fused, in which order it runs, and where in memory.
    ///
    /// Example: quadric explain --plan 'sum(sin(x) * y)'
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

settings! {
    /// Settings of a training run.
    pub struct Train {
        /// What the optimizer follows instead of the gradient: sgd, sam, asam, psam, psam-gn, psam-nme, weight-noise, hessian-trace, gn-trace, …
        #[arg(long, value_name = "NAME", default_value = "sgd", value_parser = parse::<Method>)]
        regularizer: Method => Always;
        /// The regularizer's strength: ρ of the SAM family, σ of weight noise, λ of the penalties [default: the method's own]
        #[arg(long, value_name = "NUMBER", value_parser = strength)]
        rho: Option<f64> => IfChanged;
        /// relu, leaky-relu, gelu, beta-gelu:β, gelu-ablated, relu-synthetic, silu, tanh, softplus, …
        #[arg(long, value_name = "NAME", default_value = "gelu", value_parser = parse::<Activation>)]
        activation: Activation => Always;
        /// Sizes of the hidden layers.
        #[arg(long, value_name = "N,N", default_value = "32,32", value_delimiter = ',', value_parser = positive)]
        hidden: Vec<usize> => Always;
        /// Passes over the training data.
        #[arg(long, value_name = "N", default_value = "30", value_parser = positive)]
        epochs: usize => Always;
        /// Examples in a step.
        #[arg(long, value_name = "N", default_value = "64", value_parser = positive)]
        batch: usize => Always;
        /// The learning rate at the start; it falls to 0 along a cosine.
        #[arg(long, value_name = "NUMBER", default_value = "0.05", value_parser = rate)]
        rate: f64 => Always;
        /// Momentum of the optimizer (Nesterov's).
        #[arg(long, value_name = "NUMBER", default_value = "0.9", value_parser = fraction)]
        momentum: f64 => Always;
        /// Weight decay c: (c/2)|w|^2 is part of the loss, and of the Hessian's remainder R.
        #[arg(long, value_name = "NUMBER", default_value = "0", value_parser = strength)]
        weight_decay: f64 => IfChanged, "weight decay";
        /// digits (embedded), mnist1d:FOLDER (npy), or idx:FOLDER (MNIST-like, gzipped or not).
        #[arg(long, value_name = "DATA", default_value = "digits")]
        data: String => Always;
        /// At how many moments the curvature is measured, start and end included.
        #[arg(long, value_name = "N", default_value = "7", value_parser = at_least_two)]
        measurements: usize => Always;
        /// Examples of the training set that the curvature is measured on [default: all, 2048 at most]
        #[arg(long, value_name = "N", value_parser = positive)]
        measure_on: Option<usize> => IfChanged;
        /// Number type of the training; the curvature is always measured in f64.
        #[arg(long, value_name = "TYPE", default_value = "f32", value_parser = dtype)]
        dtype: DType => Always;
        + common: Common
    }
}

impl Train {
    /// The regularizer's strength: `--rho`, or the method's own.
    pub fn strength(&self) -> f64 {
        self.rho.unwrap_or_else(|| self.regularizer.default_strength())
    }
}

settings! {
    /// Settings that every job has.
    pub struct Common {
        /// Seed of initial weights, order of examples, noise and probes.
        #[arg(long, value_name = "N", default_value = "0")]
        seed: u64 => Always;
        /// Threads; changes no byte of any result [default: all cores]
        #[arg(long, value_name = "N", value_parser = positive)]
        threads: Option<usize> => Never;
        /// The folder for the report; replaced as a whole, at the end.
        #[arg(long, value_name = "DIR", default_value = "quadric-report")]
        out: PathBuf => Never;
    }
}

settings! {
    /// Settings of `reproduce`.
    pub struct Reproduce {
        /// Only these claims, by number.
        #[arg(long, value_name = "N,N", value_delimiter = ',')]
        claims: Vec<u32> => IfChanged;
        /// Seeds of the claims about training.
        #[arg(long, value_name = "N", default_value = "3", value_parser = at_least_two)]
        seeds: usize => Always;
        /// Passes over the training data in each run.
        #[arg(long, value_name = "N", default_value = "20", value_parser = positive)]
        epochs: usize => Always;
        + common: Common
    }
}

/// Settings of `explain`.
#[derive(Args, Clone, Debug)]
pub struct Explain {
    #[arg(help = format!("For example 'sum(sin(x) * y)'. Names are variables; functions: {}", explain::function_names(" ")))]
    pub expression: String,
    /// The shape of a variable, as in x=2,3 (a scalar: x=); a vector of 3 unless told.
    #[arg(long, value_name = "NAME=SIZES", value_parser = shape)]
    pub shape: Vec<(String, Vec<usize>)>,
    /// Prints below each tape how it is run: after optimisation, the steps with what is fused in each and the registers of that,
    /// the slots of memory with their bytes, and for every step the pieces of the expression.
    #[arg(long)]
    pub plan: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{InCommand, command};

    fn parse(command: &str) -> Train {
        match Cli::try_parse_from(command.split(' ')).unwrap_or_else(|e| panic!("{command}: {e}")).command {
            Some(Command::Train(train)) => train,
            other => panic!("{command} is {other:?}"),
        }
    }

    #[test]
    fn the_printed_command_gives_the_same_settings_again() {
        let given = "quadric train --regularizer gsam --rho 0.10 --activation leaky-relu:0.2 --hidden 3,4 --epochs 2 --batch 5 \
                     --rate 1e-2 --momentum 0 --weight-decay 0.5 --data idx:x --measurements 3 --measure-on 7 --dtype f64 --seed 9";
        let again = parse(&command("train", &parse(given).told()));
        assert_eq!(command("train", &again.told()), command("train", &parse(given).told()));
        let values = |train: &Train| train.told().into_iter().map(|t| (t.flag, t.value)).collect::<Vec<_>>();
        assert_eq!(values(&again), values(&parse(given)));
        assert!(command("train", &again.told()).ends_with(" --seed 9 --rho 0.1 --weight-decay 0.5 --measure-on 7"));
    }

    #[test]
    fn defaults_are_those_of_the_flags() {
        let (default, parsed) = (Train::default().told(), parse("quadric train").told());
        assert!(default.iter().zip(&parsed).all(|(a, b)| a.value == b.value));
        assert!(default.iter().all(|t| t.in_command != InCommand::IfChanged));
        let line = default.iter().find(|t| t.line.is_some()).unwrap();
        assert_eq!((line.line, line.value.as_deref()), (Some("weight decay"), Some("0")));
    }
}

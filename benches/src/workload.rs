//! The workloads: the shapes of the peers' `workloads.py`.

use std::f64::consts::FRAC_1_SQRT_2;
use std::fmt;

use quadric_autodiff::Static;
use quadric_autodiff::trace::{Var, nonlinear_scope, select};

/// The function between the layers of a network.
#[derive(Static, Clone, Copy, Debug)]
pub enum Activation {
    Tanh,
    Gelu,
    Relu,
}

impl Activation {
    #[track_caller]
    pub fn apply(self, x: Var) -> Var {
        match self {
            Activation::Tanh => x.tanh(),
            // x Φ(x), composed; the scope says that its product is no product of the model.
            Activation::Gelu => nonlinear_scope("gelu", || x * ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5),
            Activation::Relu => nonlinear_scope("relu", || select(x.gt(0.0), x, x.zeros_like())),
        }
    }
}

/// A problem to differentiate.
#[derive(Debug)]
pub struct Workload {
    pub name: &'static str,
    pub kind: Kind,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A dense network on a batch, with the mean cross-entropy of its last layer.
    Mlp { sizes: [usize; 4], activation: Activation, batch: usize },
    /// Rosenbrock's function of `n` numbers.
    Rosenbrock { n: usize },
}

/// Every workload.
pub static ALL: [Workload; 5] = [
    mlp("W1-mlp-small-tanh", [64, 32, 32, 10], Activation::Tanh, 64),
    mlp("W1-mlp-small-gelu", [64, 32, 32, 10], Activation::Gelu, 64),
    mlp("W2-mlp-mnist", [784, 512, 512, 10], Activation::Gelu, 128),
    mlp("W3-mlp-wide", [1024, 2048, 2048, 10], Activation::Relu, 256),
    Workload { name: "W5-rosenbrock100", kind: Kind::Rosenbrock { n: 100 } },
];

const fn mlp(name: &'static str, sizes: [usize; 4], activation: Activation, batch: usize) -> Workload {
    Workload { name, kind: Kind::Mlp { sizes, activation, batch } }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

//! The workloads, written as a user writes them.

use std::f64::consts::FRAC_1_SQRT_2;
use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, compile, cut, hessian, nonlinear_scope, select};
use quadric_autodiff::{Static, Tensor, Tree};

use crate::inputs::Inputs;
use crate::quantities::{Problem, Quantity, timed};

#[derive(Static, Clone, Copy, Debug)]
enum Activation {
    Tanh,
    Gelu,
    Relu,
}

impl Activation {
    #[track_caller]
    fn apply(self, x: Var) -> Var {
        match self {
            Activation::Tanh => x.tanh(),
            // x Φ(x), composed; the scope says that its product is no product of the model.
            Activation::Gelu => nonlinear_scope("gelu", || x * ((x * FRAC_1_SQRT_2).erf() + 1.0) * 0.5),
            Activation::Relu => nonlinear_scope("relu", || select(x.gt(0.0), x, x.zeros_like())),
        }
    }
}

#[derive(Tree, Clone)]
struct Dense<T = Tensor> {
    weight: T,
    bias: T,
}

#[derive(Tree, Clone)]
struct Mlp<T = Tensor> {
    layers: Vec<Dense<T>>,
    activation: Activation,
}

#[derive(Tree, Clone)]
struct Batch<T = Tensor> {
    x: T,
    y: T,
}

impl Mlp<Var> {
    fn logits(&self, x: Var) -> Var {
        self.layers.iter().enumerate().fold(x, |x, (i, layer)| {
            let z = x.matmul(layer.weight) + layer.bias;
            if i + 1 < self.layers.len() { self.activation.apply(z) } else { z }
        })
    }
}

/// The mean of −log softmax(z) at the labels.
fn cross_entropy(z: Var, labels: Var) -> Var {
    nonlinear_scope("cross_entropy", || {
        let column = [z.shape()[0], 1];
        let z = z - z.max_axes(&[-1]).stop_gradient().reshape(column);
        let log_p = z - z.exp().sum_axes(&[-1]).log().reshape(column);
        -log_p.gather_along(labels.reshape(column), -1).mean()
    })
}

fn mlp_loss(model: Mlp<Var>, batch: Batch<Var>) -> Var {
    cross_entropy(cut("logits", model.logits(batch.x)), batch.y)
}

fn rosenbrock(x: Var) -> Var {
    let n = x.shape()[0];
    let (next, x) = (x.slice(0, 1..n), x.slice(0, 0..n - 1));
    ((next - x.powi(2)).powi(2) * 100.0 + (1.0 - x).powi(2)).sum()
}

/// What is timed of a workload; loss and gradient have been checked.
pub fn quantities(workload: &str, inputs: &Inputs) -> Result<Vec<Quantity>, String> {
    if workload.starts_with("W5") {
        let x = inputs.get("params.x")?;
        let problem = Problem {
            params: x.clone(),
            v: inputs.get("v.x")?,
            data: PhantomData,
            loss: |x: Var, _: PhantomData<Var>| rosenbrock(x),
        };
        let mut quantities = problem.quantities(inputs)?;
        quantities.push(timed("hessian", compile(|x: Var| hessian(rosenbrock, &x)), x));
        return Ok(quantities);
    }
    let activation = match workload {
        "W1-mlp-small-tanh" => Activation::Tanh,
        "W3-mlp-wide" => Activation::Relu,
        _ => Activation::Gelu,
    };
    let model = |name: &str| {
        let layer = |i| {
            let (weight, bias) = (inputs.get(&format!("{name}.w{i}"))?, inputs.get(&format!("{name}.b{i}"))?);
            Ok(Dense { weight, bias })
        };
        let layers = (0..3).map(layer).collect::<Result<_, String>>()?;
        Ok::<_, String>(Mlp { layers, activation })
    };
    let problem = Problem {
        params: model("params")?,
        v: model("v")?,
        data: Batch { x: inputs.get("x")?, y: inputs.get("y")? },
        loss: mlp_loss,
    };
    let mut quantities = problem.quantities(inputs)?;
    quantities.extend(problem.network_quantities());
    Ok(quantities)
}

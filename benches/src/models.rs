//! The workloads, written as a user writes them.

use std::marker::PhantomData;

use quadric_autodiff::trace::{Var, compile, cut, hessian, nonlinear_scope};
use quadric_autodiff::{Tensor, Tree};

use crate::inputs::Inputs;
use crate::quantities::{Quantity, Task, timed};
use crate::workload::{Activation, Kind, Workload};

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
pub fn quantities(workload: &Workload, inputs: &Inputs) -> Result<Vec<Quantity>, String> {
    match workload.kind {
        Kind::Mlp { sizes, activation, .. } => network(sizes.len() - 1, activation, inputs),
        Kind::Rosenbrock { .. } => {
            let x = inputs.get("params.x")?;
            let problem = Task {
                params: x.clone(),
                v: inputs.get("v.x")?,
                data: PhantomData,
                loss: |x: Var, _: PhantomData<Var>| rosenbrock(x),
            };
            let mut quantities = problem.quantities(inputs)?;
            quantities.push(timed("hessian", compile(|x: Var| hessian(rosenbrock, &x)), x));
            Ok(quantities)
        }
    }
}

fn network(layers: usize, activation: Activation, inputs: &Inputs) -> Result<Vec<Quantity>, String> {
    let model = |name: &str| {
        let layer = |i| {
            let (weight, bias) = (inputs.get(&format!("{name}.w{i}"))?, inputs.get(&format!("{name}.b{i}"))?);
            Ok(Dense { weight, bias })
        };
        let layers = (0..layers).map(layer).collect::<Result<_, String>>()?;
        Ok::<_, String>(Mlp { layers, activation })
    };
    let problem = Task {
        params: model("params")?,
        v: model("v")?,
        data: Batch { x: inputs.get("x")?, y: inputs.get("y")? },
        loss: mlp_loss,
    };
    let mut quantities = problem.quantities(inputs)?;
    quantities.extend(problem.network_quantities());
    Ok(quantities)
}

#[cfg(test)]
mod tests {
    use quadric_autodiff::DType;

    use super::*;
    use crate::workload;

    #[test]
    fn every_quantity_runs_on_drawn_inputs() -> Result<(), String> {
        for workload in workload::ALL.iter().filter(|w| w.name.starts_with("W1") || w.name.starts_with("W5")) {
            let inputs = Inputs::draw(workload, 0, DType::F64);
            for mut quantity in quantities(workload, &inputs)? {
                (quantity.run)().map_err(|e| format!("{workload}: {}: {e}", quantity.name))?;
            }
        }
        Ok(())
    }
}

//! Optimizers against PyTorch's iterates, against their formulas in plain loops, and what all of them do alike.

mod derivatives;
mod formulas;
mod groups;
mod lbfgs;
mod matrices;
mod reference;
mod state;

use quadric_autodiff::trace::{Compiled, Var, compile};
use quadric_autodiff::{DType, Tensor};
use quadric_nn::optimizers::State;
use quadric_nn::{AnyOptimizer, Optimizer};

type Leaves = Vec<Var>;
type Input = (Leaves, Leaves, State<Leaves>, Var);
type Step = Compiled<Input, (Leaves, State<Leaves>), Box<dyn Fn(Input) -> (Leaves, State<Leaves>)>>;

/// A compiled step of parameters in a list, directions given.
fn step_of(optimizer: impl Optimizer + 'static) -> Step {
    let step = move |(w, d, state, rate): Input| optimizer.update(&w, &d, &state, rate);
    compile(Box::new(step) as Box<dyn Fn(Input) -> (Leaves, State<Leaves>)>)
}

/// Every optimizer that has a name, with its defaults.
fn all() -> Vec<AnyOptimizer> {
    AnyOptimizer::NAMES.iter().map(|name| name.parse().unwrap()).collect()
}

/// Three numbers of a dtype.
fn three(dtype: DType, x: [f64; 3]) -> Tensor {
    Tensor::from_fn(dtype, [3], |i| x[i])
}

/// Every optimizer that has a name, without decay.
fn undecayed() -> Vec<AnyOptimizer> {
    let without = |rule: AnyOptimizer| {
        format!("{rule}{}weight_decay=0.0", if rule.to_string().contains(':') { ',' } else { ':' })
    };
    all().into_iter().map(|rule| without(rule).parse().unwrap()).collect()
}

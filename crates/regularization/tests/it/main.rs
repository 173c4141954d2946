//! Every method against the formula of its paper, against its neighbours, and against an independent system.

mod formulas;
mod identities;
mod names;
mod noise;
mod parts;
mod reference;
mod scale;
#[allow(dead_code)] // some of it is for the tests of layers
#[path = "../../../nn/tests/it/support.rs"]
mod support;
mod traces;

use quadric_autodiff::trace::{Var, compile};
use quadric_autodiff::{DType, Tensor, Tree};
use quadric_nn::{Activation, Mlp};
use quadric_regularization::{Classification, Update};
use support::{flat, minus, noisy, norm, relative, unflat};

/// A direction in the shape of a tree.
fn direction<H: Tree<Leaf = Tensor, With<Tensor> = H>>(seed: u64, like: &H) -> H {
    let n = std::cell::Cell::new(0);
    like.map_leaves(|leaf| {
        n.set(n.get() + 1);
        noisy(1000 * seed + n.get(), leaf.shape())
    })
}

/// A small network with biases that are not 0.
fn network(activation: Activation) -> Mlp {
    let model = Mlp::new(&[4, 6, 5, 3], activation, DType::F64, 11);
    let bias = direction(2, &model);
    model.zip_leaves(&bias, |w, b| if w.shape().rank() == 1 { b.clone() } else { w.clone() })
}

const BATCH: usize = 8;

fn batch() -> (Tensor, Tensor) {
    let labels: Vec<i32> = (0..BATCH as i32).map(|i| i * 5 % 3).collect();
    (noisy(1, &[BATCH, 4]), Tensor::from_vec(&labels))
}

/// Compiles and runs a function of the network, its problem and further numbers.
fn on_network<O: quadric_autodiff::VarTree>(
    activation: Activation,
    args: &[Tensor],
    f: impl Fn(Mlp<Var>, Classification, &[Var]) -> O,
) -> O::Host {
    let mut run = compile(|(m, x, y, args): (Mlp<Var>, Var, Var, Vec<Var>)| f(m, Classification::new(x, y), &args));
    let (x, y) = batch();
    run.call((network(activation), x, y, args.to_vec())).unwrap()
}

/// An update as the tree (loss, objective, direction).
fn parts<M>(update: Update<M>) -> (Var, Var, M) {
    (update.loss, update.objective, update.direction)
}

fn scalar(x: f64) -> Tensor {
    Tensor::scalar(x)
}

fn inner(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

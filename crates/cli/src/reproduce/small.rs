//! A network small enough for dense matrices: where the exact claims are checked.

use quadric::autodiff::trace::{Var, cut, iota};
use quadric::autodiff::{DType, Tensor, Tree};
use quadric::curvature::operators::PartOperator;
use quadric::curvature::{LinearOperator, Part, Problem};
use quadric::nn::{Activation, Mlp, cross_entropy, mse};

use super::check::Context;
use crate::failure::Failure;

/// For the head of the report.
pub const DESCRIPTION: &str = "a 64-8-6-10 network on 24 digits, dense matrices of 644 x 644";

/// What counts as round-off, relative to the largest entry or the norm of what is compared.
pub const BOUND: f64 = 1e-12;

const SIZES: [usize; 4] = [64, 8, 6, 10];
const EXAMPLES: usize = 24;

/// Two smooth and one piecewise-linear network would do; these are all that the paper names.
pub const ACTIVATIONS: [Activation; 9] = [
    Activation::Gelu,
    Activation::Tanh,
    Activation::Silu,
    Activation::Softplus,
    Activation::BetaGelu { beta: 3.0 },
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.01 },
    Activation::GeluAblated,
    Activation::ReluSynthetic { beta: 100.0 },
];

/// Mean softmax cross-entropy, or mean ½‖z − y‖² with one-hot y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossKind {
    CrossEntropy,
    Squared,
}

impl LossKind {
    pub const ALL: [LossKind; 2] = [LossKind::CrossEntropy, LossKind::Squared];

    pub fn name(self) -> &'static str {
        match self {
            LossKind::CrossEntropy => "cross-entropy",
            LossKind::Squared => "squared error",
        }
    }

    /// The mean loss of the logits z over the batch.
    pub fn of_logits(self, z: Var, y: Var) -> Var {
        match self {
            LossKind::CrossEntropy => cross_entropy(z, y).mean(),
            LossKind::Squared => mse(z, one_hot(z, y)).mean(),
        }
    }

    /// The mean loss of a model, cut at its logits.
    pub fn of(self, model: &Mlp<Var>, x: Var, y: Var) -> Var {
        self.of_logits(cut("logits", model.logits(x)), y)
    }
}

fn one_hot(z: Var, y: Var) -> Var {
    let shape = z.shape();
    let class = iota(DType::I32, shape.clone(), 1);
    let label = y.reshape([shape[0], 1]).broadcast_to(shape);
    class.equal(label).convert(z.dtype())
}

/// The network in f64.
pub fn model(activation: Activation, seed: u64) -> Mlp {
    Mlp::new(&SIZES, activation, DType::F64, seed)
}

/// The first digits of the training part: inputs in f64 and labels.
pub fn data(context: &Context) -> Result<(Tensor, Tensor), Failure> {
    let rows: Vec<usize> = (0..EXAMPLES).collect();
    crate::train::tensors(&context.split.train.subset("small", &rows)?, DType::F64)
}

/// The loss on the small data at a model's parameters.
pub fn problem(context: &Context, model: &Mlp, loss: LossKind) -> Result<Problem, Failure> {
    let (x, y) = data(context)?;
    let loss = move |m: Mlp<Var>, x: Var, y: Var| loss.of(&m, x, y);
    Ok(Problem::new::<Mlp<Var>, _>(model, loss, vec![(x, y)])?)
}

/// A dense matrix of one part of the Hessian, from a program of its own: row i is the product with unit vector i.
pub fn dense(problem: &Problem, part: &Part) -> Result<Vec<Vec<f64>>, Failure> {
    let mut operator = PartOperator::new(problem, part)?;
    let n = operator.dim();
    let units: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    Ok(operator.apply_block(&units)?)
}

/// The largest absolute entry.
pub fn largest(a: &[Vec<f64>]) -> f64 {
    a.iter().flatten().fold(0.0, |m, x| m.max(x.abs()))
}

/// The largest absolute entry of `a − Σ b`.
pub fn largest_difference(a: &[Vec<f64>], b: &[&[Vec<f64>]]) -> f64 {
    let mut worst = 0.0f64;
    for (i, row) in a.iter().enumerate() {
        for (j, x) in row.iter().enumerate() {
            worst = worst.max((x - b.iter().map(|b| b[i][j]).sum::<f64>()).abs());
        }
    }
    worst
}

/// The sum of the diagonal.
pub fn trace_of(a: &[Vec<f64>]) -> f64 {
    a.iter().enumerate().map(|(i, row)| row[i]).sum()
}

/// All entries of all leaves.
pub fn flat(tree: &Mlp) -> Vec<f64> {
    tree.leaves().into_iter().flat_map(|t: &Tensor| t.to_f64_vec()).collect()
}

/// `‖a − b‖ / ‖b‖` over flat vectors.
pub fn relative(a: &[f64], b: &[f64]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    norm(&mut a.iter().zip(b).map(|(a, b)| a - b)) / norm(&mut b.iter().copied())
}

/// One example of a batch, as a batch of one.
pub fn one(x: &Tensor, i: usize) -> Tensor {
    let width = x.shape()[1];
    Tensor::new([1, width], &x.as_slice::<f64>()[i * width..(i + 1) * width]).expect("a whole row")
}

/// The sum of the squares of all parameters.
pub fn square(m: &Mlp<Var>) -> Var {
    m.leaves().into_iter().map(|w| (*w * *w).sum()).reduce(|a, b| a + b).expect("a leaf")
}

/// Two digits of a small number.
pub fn sci(x: f64) -> String {
    format!("{x:.1e}")
}

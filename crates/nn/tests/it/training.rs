//! Steps beside ones written by hand, and the loop: what it measures, how it ends, and that it goes on where it was.

mod cost;
mod fit;
mod interrupt;
pub mod resume;
mod step;

use quadric_autodiff::trace::Var;
use quadric_autodiff::{DType, Tensor};
use quadric_nn::data::{Batch, Classes, Dataset, Loader};
use quadric_nn::layers::{Layer, StateOf};
use quadric_nn::metrics::accuracy;
use quadric_nn::{
    Activate, Activation, BatchNorm, Dense, Dropout, Optimizer, Outcome, Step, Training, cross_entropy, generator,
};

use crate::{noise, noisy};

/// A network that draws and that has running statistics.
pub type Net<T = Tensor> = (Dense<T>, BatchNorm<T>, Activate<T>, Dropout<T>, Dense<T>);
pub type NetState = StateOf<Net>;
pub type NetStep = Step<Net<Var>, <Net<Var> as Layer>::State>;
pub type NetTraining = Training<Net<Var>, <Net<Var> as Layer>::State>;

pub fn net(dtype: DType, dropped: f64) -> Net {
    let rng = &mut generator(3);
    let (first, last) = (Dense::new(3, 12, dtype, rng), Dense::new(12, 2, dtype, rng));
    (first, BatchNorm::new(12, dtype), Activate::new(Activation::Gelu), Dropout::new(dropped), last)
}

/// Two classes that a plane does not part.
pub fn examples(n: usize, seed: u64, dtype: DType) -> Dataset {
    let inputs = noisy(seed, &[n, 3]).to_dtype(dtype);
    let x = |i: usize, j: usize| noise(seed, 3 * i + j);
    let labels: Vec<i32> = (0..n).map(|i| i32::from(x(i, 0) + x(i, 1) * x(i, 2) > 0.0)).collect();
    Dataset::new("planes", inputs, Classes::new(Tensor::from_vec(&labels), 2)).unwrap()
}

pub fn loader(n: usize, seed: u64, batch: usize) -> Loader<Dataset> {
    Loader::new(examples(n, seed, DType::F32), batch).unwrap()
}

pub fn judge(z: Var, batch: &Batch<Var>) -> Outcome {
    Outcome::new(cross_entropy(z, batch.target())).metric("accuracy", accuracy(z, batch.target()))
}

pub fn net_step(optimizer: impl Optimizer + Send + Sync + 'static) -> NetStep {
    Step::of_layer(optimizer, judge)
}

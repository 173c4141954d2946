//! An autoencoder that keeps more of the digits in eight numbers than principal components can.
//!
//! 64 pixels → 8 numbers → 64 pixels, with a hidden layer on each side, trained on the embedded digits by Adam with a cosine rate. The eight
//! principal components of the same images, found by the engine's `eigh` of the covariance, are the best that a linear autoencoder can do: the measure to
//! beat, on images that neither has seen.
//!
//! Prints the reconstruction error every ten epochs and that of the principal components.

use quadric::nn::data::{DIGITS_SPLIT_SEED, batches, digits};
use quadric::nn::{Cosine, Schedule};
use quadric::prelude::*;

#[derive(Tree, Clone)]
struct Autoencoder<T = Tensor> {
    encoder: Mlp<T>,
    decoder: Mlp<T>,
}

fn error(net: &Autoencoder<Var>, x: Var) -> Var {
    let code = net.encoder.logits(x);
    (net.decoder.logits(code) - x).powi(2).mean()
}

/// The mean square that is left of `test` when its part along the first `k` principal components of `train` is taken away.
fn principal_components(k: usize) -> impl Fn((Var, Var)) -> Var {
    move |(train, test)| {
        let mean = train.mean_axes(&[0]);
        let centred = train - mean;
        let (_, axes) = centred.t().matmul(centred).eigh(); // in ascending order
        let n = train.shape()[1];
        let first = axes.slice(1, n - k..n);
        let x = test - mean;
        (x - x.matmul(first).matmul(first.t())).powi(2).mean()
    }
}

fn main() -> Result<(), Error> {
    let split = digits(DIGITS_SPLIT_SEED);
    let [train, test] = [split.train, split.test].map(|part| part.flattened().to_dtype(DType::F32).all().inputs);
    let linear = compile(principal_components(8)).call((train.clone(), test.clone()))?.item();

    let mut net = Autoencoder {
        encoder: Mlp::new(&[64, 96, 8], Activation::Gelu, DType::F32, 1),
        decoder: Mlp::new(&[8, 96, 64], Activation::Gelu, DType::F32, 2),
    };
    let adam = Adam::new();
    let mut state = adam.init(&net);
    let mut step = compile(|(net, state, x, rows, rate): (Autoencoder<Var>, _, Var, Var, Var)| {
        let x = x.gather(rows, 0);
        let g = grad(|net: Autoencoder<Var>| error(&net, x), &net);
        adam.update(&net, &g, &state, rate)
    });
    let mut measure = compile(|(net, x): (Autoencoder<Var>, Var)| error(&net, x));

    let (epochs, size) = (60, 64);
    let steps = epochs * train.shape()[0].div_ceil(size);
    let (rate, mut i) = (Cosine { peak: 4e-3, floor: 0.0, steps }, 0);
    let mut left = f64::INFINITY;
    for epoch in 0..epochs {
        for rows in batches(train.shape()[0], size, 1, epoch as u64) {
            let rows: Vec<i32> = rows.iter().map(|row| *row as i32).collect();
            let now = Tensor::scalar(rate.rate(i));
            (net, state) = step.call((net, state, train.clone(), Tensor::from_vec(&rows), now))?;
            i += 1;
        }
        if epoch % 10 == 9 {
            left = measure.call((net.clone(), test.clone()))?.item();
            println!("epoch {:3}   mean square left of the test images {left:.4}", epoch + 1);
        }
    }
    println!("eight principal components leave {linear:.4}");
    assert!(left < 0.8 * linear, "eight numbers of a network hold more than eight principal components");
    Ok(())
}

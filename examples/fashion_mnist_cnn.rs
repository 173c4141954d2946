//! A convolutional network with batch norms learns to tell pictures of clothes apart, or digits if no folder is named.
//!
//! `cargo run --release -p quadric-examples --bin fashion_mnist_cnn -- FOLDER` reads the four files of Fashion-MNIST (or MNIST) from the folder, gzipped
//! or not. The running statistics of the norms go into a step and come out of it like the parameters: nothing hides in the model, so the
//! step is a function, and inference is another one of the same values.
//!
//! Prints loss and held-out accuracy after each epoch.

use quadric::nn::Reshape;
use quadric::nn::data::{Loader, digits, idx};
use quadric::nn::models::ConvNet;
use quadric::prelude::*;

type Net<T = Tensor> = (Reshape<T>, ConvNet<T>);
type Norms = <Net<Var> as Layer>::State;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (data, epochs, goal) = match std::env::args().nth(1) {
        Some(folder) => (idx(folder)?, 4, 0.86),
        None => (digits(1), 20, 0.97),
    };
    let image = [1, data.train.example_shape()[0], data.train.example_shape()[1]];
    let classes = data.train.classes().ok_or("the examples have no classes")?;
    let mut net = (Reshape::new(image), ConvNet::new(image, &[16, 32], classes, DType::F32, 1));
    let mut norms = initial_state(&net)?;
    let optimizer = Adam::new();
    let mut moments = optimizer.init(&net);

    let mut step = compile(|(net, norms, moments, x, y, rate): (Net<Var>, Norms, _, Var, Var, Var)| {
        let loss = |net: Net<Var>| {
            let (logits, norms) = net.train(x, &norms, None);
            (cross_entropy(cut("logits", logits), y).mean(), norms)
        };
        let ((value, norms), gradient) = value_and_grad_aux(loss, &net);
        let (net, moments) = optimizer.update(&net, &gradient, &moments, rate);
        (value, net, norms, moments)
    });
    let mut score = compile(|(net, norms, x, y): (Net<Var>, Norms, Var, Var)| accuracy(net.infer(x, &norms), y));

    let (x_test, y_test) = data.test.all().pair()?;
    let loader = Loader::new(data.train, 100)?.shuffled(1).drop_last()?;
    let mut right = 0.0;
    for epoch in 0..epochs {
        let mut total = 0.0;
        for batch in loader.epoch(epoch) {
            let (x, y) = batch?.pair()?;
            let value;
            (value, net, norms, moments) = step.call((net, norms, moments, x, y, Tensor::scalar(2e-3f32)))?;
            total += value.item() / loader.batches_per_epoch() as f64;
        }
        right = score.call((net.clone(), norms.clone(), x_test.clone(), y_test.clone()))?.item();
        println!("epoch {epoch}  loss {total:.4}  held-out accuracy {:5.1} %", 100.0 * right);
    }
    assert!(right > goal, "the network has learned: {right} is above {goal}");
    Ok(())
}

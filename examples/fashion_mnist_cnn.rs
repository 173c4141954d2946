//! A convolutional network with batch norms learns to tell pictures of clothes apart, or digits if no folder is named.
//!
//! `cargo run --release -p quadric-examples --bin fashion_mnist_cnn -- FOLDER` reads the four files of Fashion-MNIST (or MNIST) from the folder, gzipped
//! or not. Loss, gradient, update, running statistics and metrics are one compiled step, which the loop runs over shuffled batches; the
//! statistics go into it and come out of it like the parameters, and nothing hides in the model.
//!
//! Prints loss and held-out accuracy of each epoch.

use quadric::nn::data::{Loader, digits, idx};
use quadric::nn::models::ConvNet;
use quadric::nn::{Constant, Outcome, Reshape, Step, Training, metrics};
use quadric::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (data, epochs, goal) = match std::env::args().nth(1) {
        Some(folder) => (idx(folder)?, 4, 0.86),
        None => (digits(1), 20, 0.97),
    };
    let image = [1, data.train.example_shape()[0], data.train.example_shape()[1]];
    let classes = data.train.classes().ok_or("the examples have no classes")?;
    let net = (Reshape::new(image), ConvNet::new(image, &[16, 32], classes, DType::F32, 1));

    let step = Step::of_layer(Adam::new(), |logits, batch| {
        let labels = batch.target();
        Outcome::new(cross_entropy(logits, labels)).metric("accuracy", metrics::accuracy(logits, labels))
    });
    let (train, test) = (Loader::new(data.train, 100)?.shuffled(1), Loader::new(data.test, 500)?);
    let mut training = Training::of_layer(net, step, Constant { rate: 2e-3 })?.evaluate("test", test);
    training.fit(&train, epochs)?;

    let (losses, right) = (training.record().of("train loss"), training.record().of("test accuracy"));
    for (epoch, (loss, right)) in losses.iter().zip(&right).enumerate() {
        println!("epoch {:2}  loss {loss:.4}  held-out accuracy {:5.1} %", epoch + 1, 100.0 * right);
    }
    let reached = training.record().last("test accuracy").unwrap_or(0.0);
    assert!(reached > goal, "the network has learned: {reached} is above {goal}");
    Ok(())
}
